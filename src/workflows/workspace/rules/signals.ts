/** The signals: as the updates of the same names, but what is refused is counted and shown instead of answered. */
import { cutText, LINE_LIMIT } from '../../../contract/text-limit';
import type { Fields } from '../../input/fields';
import { parseBy, parsePing, parsePodLost, parseRebuild, parseStop } from '../../input/messages';
import { invalid } from '../../input/refusal';
import { noteAccess } from './auto-off';
import { notePodLost } from './pod-loss';
import { asPushedPolicy, takePolicy } from './policy-update';
import { requestBuild, requestStop } from './requests';
import { KEPT_EARLY_CHARACTERS, type State } from './state';

export type SignalName = 'ping' | 'start' | 'stop' | 'rebuild' | 'cancelBuild' | 'policyChanged' | 'podLost';

/** The signals that wait for the policy, each with what is kept of it: what was sent is checked first, and parses to the same again. */
const EARLY: Partial<Record<SignalName, (input: unknown) => Fields>> = {
  start: parseBy,
  stop: parseStop,
  cancelBuild: parseBy,
  rebuild: (input) => {
    const { change, ...rest } = parseRebuild(input);
    return { ...rest, ...change };
  },
};

/** Takes a signal of whatever content. Never throws: a signal must not be able to break the workspace. */
export function takeSignal(state: State, name: SignalName, input: unknown, now: number): void {
  try {
    const parseEarly = EARLY[name];
    if (state.policy === null && parseEarly) keepEarly(state, name, parseEarly(input));
    else TAKERS[name](state, input, now);
  } catch (error) {
    // A failure of our own would be repeated with each try of the workflow task, for ever.
    const reason = error instanceof Error ? error.message : String(error);
    state.rejected = { count: state.rejected.count + 1, last: { at: now, name, reason: cutText(reason, LINE_LIMIT) } };
  }
}

/** Judges the signals that came before the policy was read, in their order. */
export function takeEarlySignals(state: State, now: number): void {
  const { early } = state;
  state.early = [];
  for (const { name, input } of early) takeSignal(state, name as SignalName, input, now);
}

const TAKERS: Record<SignalName, (state: State, input: unknown, now: number) => void> = {
  ping: (state, input, now) => {
    const { via, at } = parsePing(input);
    noteAccess(state, { via, at: at ?? now }, now);
  },
  start: (state, input, now) => requestBuild(state, 'start', input, now),
  rebuild: (state, input, now) => requestBuild(state, 'rebuild', input, now),
  stop: (state, input, now) => requestStop(state, 'stop', input, now),
  cancelBuild: (state, input, now) => requestStop(state, 'cancelBuild', input, now),
  policyChanged: (state, input, now) => {
    takePolicy(state, asPushedPolicy(input), now);
  },
  podLost: (state, input, now) => notePodLost(state, parsePodLost(input), now),
};

function keepEarly(state: State, name: string, input: Fields): void {
  const early = [...state.early, { name, input }];
  if (JSON.stringify(early).length > KEPT_EARLY_CHARACTERS) {
    throw invalid('signal', `at most ${KEPT_EARLY_CHARACTERS} characters of signals before the policy is read`, name);
  }
  state.early = early;
}

/** The signals: as the updates of the same names, but what is refused is counted and shown instead of answered. */
import { noteAccess } from './auto-off';
import { asObject } from './fields';
import { parsePing, parsePodLost } from './inputs';
import { notePodLost } from './losses';
import { asPushedPolicy, takePolicy } from './policy-intake';
import { invalid, Refusal } from './refusal';
import { requestBuild, requestStop } from './requests';
import { KEPT_EARLY_CHARACTERS, type State } from './state';

export type SignalName = 'ping' | 'start' | 'stop' | 'rebuild' | 'cancelBuild' | 'policyChanged' | 'podLost';

const WAITS_FOR_POLICY: readonly SignalName[] = ['start', 'stop', 'rebuild', 'cancelBuild'];

/** Takes a signal of whatever content. Never throws: a signal must not be able to break the workspace. */
export function takeSignal(state: State, name: SignalName, input: unknown, now: number): void {
  try {
    if (state.policy === null && WAITS_FOR_POLICY.includes(name)) return keepEarly(state, name, input);
    TAKERS[name](state, input, now);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    state.rejected = { count: state.rejected.count + 1, last: { at: now, name, reason: error.message.slice(0, 300) } };
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

function keepEarly(state: State, name: string, input: unknown): void {
  const given = asObject('input', input);
  const early = [...state.early, { name, input: given }];
  if (JSON.stringify(early).length > KEPT_EARLY_CHARACTERS) {
    throw invalid('signal', `at most ${KEPT_EARLY_CHARACTERS} characters of signals before the policy is read`, name);
  }
  state.early = early;
}

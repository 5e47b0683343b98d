/**
 * Implements docs/messages.md, "Signals": a ping records an access, the other signals act as the updates of the same names. What is
 * refused is counted and shown in `status.rejected`.
 */
import { cutText, LINE_LIMIT } from '../../../contract/text-limit';
import { asObject, type Fields } from '../../input/fields';
import { parseBy, parsePing, parsePodLost, parseRebuild, parseSecretsChanged, parseStop } from '../../input/messages';
import { invalid } from '../../input/refusal';
import { asPushedPolicy } from '../../organization/rules/known-policy';
import { recordAccess } from './auto-off';
import { takeRequired } from './campaign/forced-rebuild';
import { asKnownOwner, takeOwner } from './owner/owner';
import { takePodLost } from './pod-loss';
import { takePolicy } from './policy-update';
import { requestBuild, requestStop } from './requests';
import { noteSecretsChanged } from './secrets/refresh';
import type { State } from './state';
import { KEPT_EARLY_CHARACTERS } from './state-limits';

/** The signals that a workspace takes. */
export type SignalName = keyof typeof HANDLERS;

/** The signals that wait until the policy is first read, with the checked fields that are kept; these parse to the same again. */
const WAITING: Partial<Record<SignalName, (input: unknown) => Fields>> = {
  start: parseBy,
  stop: parseStop,
  cancelBuild: parseBy,
  rebuild: (input) => {
    const { change, ...rest } = parseRebuild(input);
    return { ...rest, ...change };
  },
};

/** Takes a signal with any content. Never throws: no signal may break the workspace. */
export function takeSignal(state: State, name: SignalName, input: unknown, now: number): void {
  try {
    const parse = WAITING[name];
    if (state.policy === null && parse) keepEarly(state, name, parse(input));
    else HANDLERS[name](state, input, now);
  } catch (error) {
    // An unexpected error counts too: thrown, it would fail every retry of the workflow task.
    const reason = error instanceof Error ? error.message : String(error);
    state.rejected = { count: state.rejected.count + 1, last: { at: now, name, reason: cutText(reason, LINE_LIMIT) } };
  }
}

/** Takes the signals that arrived before the policy was read, in order of arrival. */
export function takeEarlySignals(state: State, now: number): void {
  const { early } = state;
  state.early = [];
  for (const { name, input } of early) takeSignal(state, name as SignalName, input, now);
}

const HANDLERS = {
  ping: (state, input, now) => {
    const { via, at } = parsePing(input);
    recordAccess(state, { via, at: at ?? now }, now);
  },
  start: (state, input, now) => requestBuild(state, 'start', input, now),
  rebuild: (state, input, now) => requestBuild(state, 'rebuild', input, now),
  stop: (state, input, now) => requestStop(state, 'stop', input, now),
  cancelBuild: (state, input, now) => requestStop(state, 'cancelBuild', input, now),
  policyChanged: (state, input, now) => takeNews(state, input, now),
  podLost: (state, input, now) => takePodLost(state, parsePodLost(input), now),
  required: (state, input) => takeRequired(state, input),
  reportUsage: (state, input) => {
    asObject('input', input);
    forgetReports(state);
  },
  secretsChanged: (state, input, now) => noteSecretsChanged(state, parseSecretsChanged(input).delayMs, now),
} satisfies Record<string, (state: State, input: unknown, now: number) => void>;

/** From the organization with its policy, or from the owner with the owner's settings. */
function takeNews(state: State, input: unknown, now: number): void {
  const { owner, policy } = asObject('input', input);
  const isOfOwner = owner !== undefined && owner !== null;
  const settings = isOfOwner ? asKnownOwner(owner) : undefined;
  if (!isOfOwner || (policy !== undefined && policy !== null)) takePolicy(state, asPushedPolicy(input), now);
  takeOwner(state, settings, now);
}

/** A reset also restores which report was the last one, although later ones may have been sent since. */
function forgetReports({ report, ledger }: State): void {
  report.sent = '';
  if (ledger) ledger.sent = '';
}

/** The names of all signals that a workspace takes. */
export const SIGNAL_NAMES = Object.keys(HANDLERS) as SignalName[];

function keepEarly(state: State, name: string, input: Fields): void {
  const early = [...state.early, { name, input }];
  if (JSON.stringify(early).length > KEPT_EARLY_CHARACTERS) {
    throw invalid('signal', `at most ${KEPT_EARLY_CHARACTERS} characters of signals before the policy is read`, name);
  }
  state.early = early;
}

/** How a policy reaches a workspace: read, pushed, or with a build; an older version than the one known changes nothing. */
import type { Policy } from '../payloads';
import { withGrace } from './auto-off';
import { effectiveSchedule, noteScheduleChange } from './auto-start';
import { DAY_MS } from './duration';
import { asObject, type Fields } from './fields';
import { defaultPolicy, mergePolicy, SETTABLE } from './policy';
import { invalid } from './refusal';
import type { State } from './state';

/** After creation the policy is read again this soon: a change made in between may have missed a workspace nobody knew yet. */
export const FIRST_REREAD_MS = 30_000;
/** While a reading is under way; should it be lost, the next one heals it. */
export const READING_MS = 5 * 60_000;

export function takePolicy(state: State, policy: Policy, now: number): void {
  if (state.policy && policy.version < state.policy.version) return;
  const rereadAt = state.createdAt + FIRST_REREAD_MS;
  state.policyDueAt = now < rereadAt ? rereadAt : now + DAY_MS;
  const isFirst = state.policy === null;
  const scheduleBefore = JSON.stringify(effectiveSchedule(state));
  withGrace(state, now, () => {
    state.policy = policy;
  });
  if (!isFirst && JSON.stringify(effectiveSchedule(state)) !== scheduleBefore) noteScheduleChange(state, now);
}

/**
 * A pushed policy: whole, and in every field just what our own checks make of it, so that nothing else can reach the state.
 * Throws a Refusal for anything else.
 */
export function asPushedPolicy(input: unknown): Policy {
  const given = asObject('policy', asObject('input', input).policy);
  const { version } = given;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
    throw invalid('policy.version', 'a number from 1', version);
  const settable = Object.fromEntries(SETTABLE.map((field) => [field, given[field]]));
  const policy = { ...mergePolicy(defaultPolicy(), settable).policy, version };
  if (!holds(given, policy)) throw invalid('policy', 'a whole policy', given);
  return policy;
}

/** Whether a value has everything that the expected one has, unknown fields aside. */
function holds(given: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return given === expected;
  if (typeof given !== 'object' || given === null || Array.isArray(given) !== Array.isArray(expected)) return false;
  if (Array.isArray(given) && Array.isArray(expected) && given.length !== expected.length) return false;
  return Object.entries(expected).every(([key, value]) => holds((given as Fields)[key], value));
}

/** How a policy reaches a workspace: read, pushed, or with a build; an older version than the one known changes nothing. */

import { DAY_MS, HOUR_MS } from '../../../contract/duration';
import type { KnownPolicy } from '../../../contract/policy';
import { asObject, type Fields } from '../../input/fields';
import { invalid } from '../../input/refusal';
import { defaultPolicy, mergePolicy, policyAt, SETTABLE, withNewFields } from '../../organization/rules/policy';
import { withGrace } from './auto-off';
import { effectiveSchedule, noteScheduleChange } from './auto-start';
import { shareOf } from './stable-hash';
import type { State } from './state';

/** After creation the policy is read again this soon: a change made in between may have missed a workspace nobody knew yet. */
export const FIRST_REREAD_MS = 30_000;
/** While a reading is under way; should it be lost, the next one heals it. */
const READING_MS = 5 * 60_000;

/** So long after a reading the next one is due at the earliest; each workspace has a deterministic offset up to a day. */
const LEAST_REREAD_MS = 18 * HOUR_MS;

/** The policy is being read; should that be lost, it is read again. */
export function noteReading(state: State, now: number): void {
  state.policyAskedAt = now;
  state.policyDueAt = now + READING_MS;
}

export function takePolicy(state: State, policy: KnownPolicy, now: number): void {
  const rereadAt = state.createdAt + FIRST_REREAD_MS;
  // A push reaches all in the same seconds, and one day later all would read at once.
  const pauseMs = LEAST_REREAD_MS + Math.floor(shareOf(state.id) * (DAY_MS - LEAST_REREAD_MS));
  state.policyDueAt = now < rereadAt ? rereadAt : now + pauseMs;
  state.policyReadAt = now;
  const { policy: known } = state;
  if (known && !isNewerPolicy(policy, known)) return;
  const isFirst = known === null;
  // Later and yet of no higher version: of another organization under this name, which has no report of this workspace.
  if (known && policyAt(policy) > policyAt(known) && policy.version <= known.version) state.report.sent = '';
  const scheduleBefore = JSON.stringify(effectiveSchedule(state));
  withGrace(state, now, () => {
    state.policy = withNewFields(policy);
  });
  if (!isFirst && JSON.stringify(effectiveSchedule(state)) !== scheduleBefore) noteScheduleChange(state, now);
}

/** Whether a policy is as new as the one known, or newer. An organization made anew under its name counts its versions from one. */
export function isNewerPolicy(policy: KnownPolicy, known: KnownPolicy): boolean {
  if (policyAt(policy) !== policyAt(known)) return policyAt(policy) > policyAt(known);
  return policy.version >= known.version;
}

/**
 * A pushed policy: whole, and in every field just what our own checks make of it, so that nothing else can reach the state.
 * Throws a Refusal for anything else.
 */
export function asPushedPolicy(input: unknown): KnownPolicy {
  // One that an earlier version pushed lacks what was added since.
  const given: Fields = { defaultImage: null, ...asObject('policy', asObject('input', input).policy) };
  const { version, changedAt = 0 } = given;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
    throw invalid('policy.version', 'a number from 1', version);
  if (typeof changedAt !== 'number' || !Number.isSafeInteger(changedAt) || changedAt < 0)
    throw invalid('policy.changedAt', 'an instant in milliseconds', changedAt);
  const settable = Object.fromEntries(SETTABLE.map((field) => [field, given[field]]));
  const policy = { ...mergePolicy(defaultPolicy(), settable).policy, version, changedAt };
  if (!holds({ ...given, changedAt }, policy)) throw invalid('policy', 'a whole policy', given);
  return policy;
}

/** Whether a value has everything that the expected one has, unknown fields aside. */
function holds(given: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return given === expected;
  if (typeof given !== 'object' || given === null || Array.isArray(given) !== Array.isArray(expected)) return false;
  if (Array.isArray(given) && Array.isArray(expected) && given.length !== expected.length) return false;
  return Object.entries(expected).every(([key, value]) => holds((given as Fields)[key], value));
}

/**
 * Implements docs/policy.md, "How a change takes effect": a policy reaches a workspace by a read, by a push, or with a build. A policy
 * older than the known one changes nothing. The policy is read again at each build, 30 s after creation, and daily, so that a missed
 * push heals.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../contract/duration';
import type { KnownOwner } from '../../../contract/internal/ledger';
import { type KnownPolicy, policyForOwner } from '../../../contract/policy';
import { isNewerPolicy, policyAt } from '../../organization/rules/known-policy';
import { withNewFields } from '../../organization/rules/policy';
import { withGrace } from './auto-off';
import { effectiveSchedule, rescheduleFrom } from './auto-start';
import { takeOwner } from './owner/owner';
import { stopSuspended } from './policy/suspension';
import { noteSecretsChanged } from './secrets/refresh';
import { stableFraction } from './stable-hash';
import type { State } from './state';

/** After creation: a change made meanwhile may have missed a workspace that its organization did not know yet. */
export const FIRST_REREAD_MS = 30_000;
/** A read that was lost is repeated after this. */
const READ_TIMEOUT_MS = 5 * MINUTE_MS;
/** The shortest time between two reads; each workspace has a deterministic offset of up to the rest of a day. */
const MIN_REREAD_MS = 18 * HOUR_MS;

/** Records that a read of the policy began. */
export function beginPolicyRead(state: State, now: number): void {
  state.policyAskedAt = now;
  state.policyDueAt = now + READ_TIMEOUT_MS;
}

/** Takes a policy that was read or pushed, and stops the workspace of an owner whom it suspends. A new workspace is left to its first build. */
export function takePolicy(state: State, answer: KnownPolicy & { owner?: KnownOwner }, now: number): void {
  const { owner, ...policy } = answer;
  const isNew = state.policy === null;
  takeOwner(state, owner, now);
  adoptPolicy(state, policy, now);
  if (!isNew) stopSuspended(state, now);
}

/** Takes the policy that `admit` read, which the build itself is judged by. */
export function adoptPolicy(state: State, policy: KnownPolicy, now: number): void {
  const rereadAt = state.createdAt + FIRST_REREAD_MS;
  // A push reaches all workspaces within seconds; without the offset all would read again in the same seconds a day later.
  const pauseMs = MIN_REREAD_MS + Math.floor(stableFraction(state.id) * (DAY_MS - MIN_REREAD_MS));
  state.policyDueAt = now < rereadAt ? rereadAt : now + pauseMs;
  state.policyReadAt = now;
  const { policy: known } = state;
  if (known && !isNewerPolicy(policy, known)) return;
  // A later policy of no higher version is that of an organization created again, which has no report of this workspace.
  if (known && policyAt(policy) > policyAt(known) && policy.version <= known.version) state.report.sent = '';
  const scheduleBefore = JSON.stringify(effectiveSchedule(state));
  withGrace(state, now, () => {
    state.policy = policyForOwner(withNewFields(policy), state.owner);
  });
  if (known && JSON.stringify(known.git) !== JSON.stringify(policy.git)) noteSecretsChanged(state, 0, now);
  if (known && JSON.stringify(effectiveSchedule(state)) !== scheduleBefore) rescheduleFrom(state, now);
}

/**
 * Implements docs/policy.md, "How a change takes effect": the policy as workspaces and partitions keep it, its order, and the check of a
 * pushed one.
 */
import type { KnownPolicy, Policy } from '../../../contract/policy';
import { asObject, type Fields } from '../../input/fields';
import { invalid } from '../../input/refusal';
import { defaultPolicy, mergePolicy, SETTABLE, withNewFields } from './policy';

/** When the policy was last changed, in epoch milliseconds; 0 when unknown. */
export function policyAt(policy: KnownPolicy | null): number {
  return policy?.changedAt ?? 0;
}

/** Whether a policy is as new as the known one, or newer. An organization that is created again counts its versions from 1. */
export function isNewerPolicy(policy: KnownPolicy, known: KnownPolicy): boolean {
  if (policyAt(policy) !== policyAt(known)) return policyAt(policy) > policyAt(known);
  return policy.version >= known.version;
}

/** The owners whom exactly one of the two policies suspends; null: no policy. */
export function suspensionChanges(before: Policy | null, after: Policy): string[] {
  const [suspended, now] = [new Set(before?.suspendedOwners), new Set(after.suspendedOwners)];
  return [...[...suspended].filter((owner) => !now.has(owner)), ...[...now].filter((owner) => !suspended.has(owner))];
}

/**
 * A pushed policy: complete, and every field exactly as the checks of `setPolicy` would store it, so that nothing else can reach the
 * state. Throws a Refusal for anything else.
 */
export function asPushedPolicy(input: unknown): KnownPolicy {
  const sent: Fields = withNewFields(asObject('policy', asObject('input', input).policy));
  const { version, changedAt = 0 } = sent;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
    throw invalid('policy.version', 'a number from 1', version);
  if (typeof changedAt !== 'number' || !Number.isSafeInteger(changedAt) || changedAt < 0)
    throw invalid('policy.changedAt', 'an instant in milliseconds', changedAt);
  const settable = Object.fromEntries(SETTABLE.map((field) => [field, sent[field]]));
  const policy = { ...mergePolicy(defaultPolicy(), settable).policy, version, changedAt };
  if (!includes({ ...sent, changedAt }, policy)) throw invalid('policy', 'a whole policy', sent);
  return policy;
}

/** Whether a value has everything that the expected one has, unknown fields aside. */
function includes(sent: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return sent === expected;
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent) !== Array.isArray(expected)) return false;
  if (Array.isArray(sent) && Array.isArray(expected) && sent.length !== expected.length) return false;
  return Object.entries(expected).every(([key, value]) => includes((sent as Fields)[key], value));
}

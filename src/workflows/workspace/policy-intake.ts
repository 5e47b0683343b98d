/** How a policy reaches a workspace: read, pushed, or with a build; an older version than the one known changes nothing. */
import type { Policy } from '../payloads';
import { withGrace } from './auto-off';
import { DAY_MS } from './duration';
import type { State } from './state';

/** After creation the policy is read again this soon: a change made in between may have missed a workspace nobody knew yet. */
export const FIRST_REREAD_MS = 30_000;
/** While a reading is under way; should it be lost, the next one heals it. */
export const READING_MS = 5 * 60_000;

export function takePolicy(state: State, policy: Policy, now: number): void {
  const isFirst = state.policy === null;
  state.policyDueAt = now + (isFirst ? FIRST_REREAD_MS : DAY_MS);
  if (state.policy && policy.version < state.policy.version) return;
  withGrace(state, now, () => {
    state.policy = policy;
  });
}

/** Checks just enough of a pushed policy to tell it from something else; its fields were checked when it was set. */
export function asPushedPolicy(input: unknown): Policy | null {
  const policy = (input as { policy?: Policy } | null)?.policy;
  const isPolicy =
    typeof policy?.version === 'number' && typeof policy.autoOff?.after === 'string' && typeof policy.retention === 'string';
  return isPolicy ? policy : null;
}

/**
 * Implements docs/policy.md, "Suspension": what an organization's suspension of an owner does to that owner's workspaces. A build judges
 * it again in `admit`, and ends in `error`.
 */
import type { Policy } from '../../../../contract/policy';
import { Refusal } from '../../../input/refusal';
import { currentBuild, type State } from '../state';
import { turnOff } from '../transition';

type Owned = Pick<State, 'owner' | 'organization'>;

/** Whether the policy suspends the owner of this workspace. */
export function isSuspended({ owner }: Owned, policy: Policy | null): boolean {
  return policy?.suspendedOwners.includes(owner) ?? false;
}

/** Throws a Refusal for the workspace of a suspended owner. */
export function refuseSuspended(workspace: Owned, policy: Policy | null, request: string): void {
  if (isSuspended(workspace, policy))
    throw new Refusal('NotAllowed', `${request}: expected an owner who is not suspended; ${suspensionOf(workspace)}`);
}

/** The suspension as the end of a sentence. */
export function suspensionOf({ owner, organization }: Owned): string {
  return `the organization ${organization} has suspended ${owner}`;
}

/** Stops what runs or is being built of a suspended owner, and takes back a queued start. An answered delete or stop goes on. */
export function stopSuspended(state: State, now: number): void {
  const { policy, phase, ending } = state;
  if (!policy || !isSuspended(state, policy)) return;
  state.next = null;
  state.schedule.renewAt = null;
  const isEnding = phase === 'turning-off' || ending?.to === 'error';
  if (isEnding || (phase !== 'running' && phase !== 'building')) return;
  const build = currentBuild(state);
  const evidence = `${suspensionOf(state)}${build ? `; build ${build.number} is cancelled` : ''}`;
  turnOff(state, 'off', { cause: 'policy', by: null, rule: `policy version ${policy.version}: suspendedOwners`, evidence }, now);
}

/** The push of a policy to the workspaces that run: the same for an organization and for its parts. */
import { condition, log } from '@temporalio/workflow';
import type { KnownPolicy } from '../../contract/policy';
import { care } from '../activity-options';
import { policyAt } from '../organization/rules/policy';
import { observe } from '../sdk/interruptible';
import { sleepUnless } from '../sdk/sleep-until';
import { type Behind, nextPush, notePushed, noteUnreached } from './rules/push-queue';
import type { Members } from './rules/usage-records';

export interface Pusher {
  members: Members;
  behind: Behind;
  /** The newest policy; null until there is one. */
  policy(): KnownPolicy | null;
  /** Something came that may have to be sent now. */
  isAwake: boolean;
  mustHandOver(): boolean;
}

/** Sends each workspace that is behind the newest policy, until the run has to be handed over. */
export async function pushPolicies(pusher: Pusher): Promise<void> {
  const isMoot = () => pusher.isAwake || pusher.mustHandOver();
  while (!pusher.mustHandOver()) {
    pusher.isAwake = false;
    const policy = pusher.policy();
    const { keys, until } = policy ? nextPush(pusher.members, pusher.behind, Date.now()) : { keys: NOBODY, until: null };
    if (policy && keys.size > 0) await push(pusher, policy, keys);
    else if (until !== null) await sleepUnless(isMoot, until - Date.now(), 'the policy is pushed again to those not reached');
    else await condition(isMoot);
  }
}

/** A newer policy ends it: it is pushed right after. */
async function push(pusher: Pusher, policy: KnownPolicy, keys: Map<string, string>): Promise<void> {
  const isOutdated = () => policyAt(pusher.policy()) !== policyAt(policy);
  const input = { policy, workspaces: [...keys.keys()] };
  const summary = `push policy version ${policy.version} to ${keys.size} workspaces`;
  let unreached = new Set(input.workspaces);
  try {
    const end = await observe(
      () => care.pushPolicy.executeWithOptions({ summary }, [input]),
      () => isOutdated() || pusher.mustHandOver(),
    );
    unreached = new Set(end.unreached);
  } catch (error) {
    log.warn('a push of the policy was cut off', { error });
  }
  if (isOutdated()) return;
  for (const [workspace, key] of keys) {
    if (!unreached.has(workspace)) notePushed(pusher.members, pusher.behind, key);
    else noteUnreached(pusher.behind, key, Date.now());
  }
}

const NOBODY: Map<string, string> = new Map();

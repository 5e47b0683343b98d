/** Pushes the policy to the workspaces that run, for an organization and for each of its partitions. */
import { condition, log } from '@temporalio/workflow';
import type { KnownPolicy } from '../../contract/policy';
import { pushActivities } from '../activity-options';
import { policyAt } from '../organization/rules/known-policy';
import { observe } from '../sdk/interruptible';
import { sleepUnless } from '../sdk/sleep-until';
import { nextPush, type PushQueue, pushFailed, pushSucceeded } from './rules/push-queue';
import type { Members } from './rules/usage-records';

/** The push of one run. */
export interface Pusher {
  members: Members;
  queue: PushQueue;
  /** The newest policy; null until there is one. */
  policy(): KnownPolicy | null;
  /** Set when a workspace was queued or the policy changed. */
  isAwake: boolean;
  mustHandOver(): boolean;
}

/** Sends the newest policy to each queued workspace, until the run has to be handed over. */
export async function pushPolicies(pusher: Pusher): Promise<void> {
  const isMoot = () => pusher.isAwake || pusher.mustHandOver();
  while (!pusher.mustHandOver()) {
    pusher.isAwake = false;
    const policy = pusher.policy();
    const { keys, until } = policy ? nextPush(pusher.members, pusher.queue, Date.now()) : { keys: NO_KEYS, until: null };
    if (policy && keys.size > 0) await push(pusher, policy, keys);
    else if (until !== null) await sleepUnless(isMoot, until - Date.now(), 'retry the push of the policy');
    else await condition(isMoot);
  }
}

/** A newer policy cancels the push, and is pushed next. */
async function push(pusher: Pusher, policy: KnownPolicy, keys: Map<string, string>): Promise<void> {
  const isOutdated = () => policyAt(pusher.policy()) !== policyAt(policy);
  const input = { policy, workspaces: [...keys.keys()] };
  const summary = `push policy version ${policy.version} to ${keys.size} workspaces`;
  let unreached = new Set(input.workspaces);
  try {
    const end = await observe(
      () => pushActivities.pushPolicy.executeWithOptions({ summary }, [input]),
      () => isOutdated() || pusher.mustHandOver(),
    );
    unreached = new Set(end.unreached);
  } catch (error) {
    log.warn('policy push: interrupted', { version: policy.version, error });
  }
  if (isOutdated()) return;
  for (const [workspace, key] of keys) {
    if (!unreached.has(workspace)) pushSucceeded(pusher.members, pusher.queue, key);
    else pushFailed(pusher.queue, key, Date.now());
  }
}

const NO_KEYS: Map<string, string> = new Map();

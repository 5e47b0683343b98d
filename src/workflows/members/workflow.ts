/**
 * The workflow `members`: a partition of a large organization. It keeps the usage of the workspaces of some owners and pushes the policy
 * to the running ones. The organization starts it when needed and forwards its reports. It never ends.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import * as messages from '../../contract/messages';
import { organizationPartId } from '../../contract/names';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { type Pusher, pushPolicies } from './policy-push';
import { createPushQueue } from './rules/push-queue';
import {
  createPartition,
  migratePartition,
  type PartitionState,
  takeDelivery,
  viewPartitionDetails,
  viewPartitionUsage,
} from './rules/state';
import { listMembers } from './rules/usage-records';

/** Runs until a hand-over; fails only for a wrong input. */
export async function members(input?: unknown): Promise<void> {
  const state = refusalToFailure(() => openState(input));
  let isCancelled = false;
  const pusher: Pusher = {
    members: state.members,
    queue: createPushQueue(state.members),
    policy: () => state.policy,
    isAwake: false,
    mustHandOver: () => isCancelled || workflowInfo().continueAsNewSuggested,
  };
  const showDetails = () => setCurrentDetails(viewPartitionDetails(state));
  setHandler(messages.usageQuery, () => viewPartitionUsage(state), {
    description: 'The usage of each owner of this partition',
  });
  setHandler(messages.membersQuery, () => listMembers(state.members), {
    description: 'Internal: the workspaces counted here',
  });
  setHandler(
    messages.membersChangedSignal,
    (delivery: unknown) => {
      const { queue, isDue } = takeDelivery(state, pusher.queue, delivery);
      pusher.queue = queue;
      pusher.isAwake ||= isDue;
      showDetails();
    },
    { description: 'Internal: the policy, and the reports of workspaces' },
  );
  CancellationScope.current().cancelRequested.catch(() => {
    isCancelled = true;
  });
  showDetails();
  await CancellationScope.nonCancellable(async () => {
    await pushPolicies(pusher);
    await condition(allHandlersFinished);
    await continueAsNew<typeof members>({ carried: state });
  });
}

function openState(input: unknown): PartitionState {
  const info = workflowInfo();
  if (info.continuedFromExecutionRunId) return migratePartition((input as { carried: PartitionState }).carried);
  const state = createPartition(input);
  const expected = organizationPartId(state.organization, state.part);
  if (info.workflowId !== expected) throw invalid('workflow id', `${expected} for this part`, info.workflowId);
  return state;
}

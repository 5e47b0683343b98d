/**
 * The workflow `members`: a part of a large organization. It keeps what the workspaces of some owners use, and pushes the policy to
 * those that run. The organization makes it when it is needed, and passes on what concerns it. It never ends.
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
import { createBehind } from './rules/push-queue';
import { createPart, migratePart, type PartState, takeDelivery, viewPartDetails, viewPartUsage } from './rules/state';
import { listMembers } from './rules/usage-records';

export async function members(input?: unknown): Promise<void> {
  const state = refusalToFailure(() => openState(input));
  let isCancelled = false;
  const pusher: Pusher = {
    members: state.members,
    behind: createBehind(state.members),
    policy: () => state.policy,
    isAwake: false,
    mustHandOver: () => isCancelled || workflowInfo().continueAsNewSuggested,
  };
  const showDetails = () => setCurrentDetails(viewPartDetails(state));
  setHandler(messages.usageQuery, () => viewPartUsage(state), {
    description: 'What runs and what is kept, for each of its owners',
  });
  setHandler(messages.membersQuery, () => listMembers(state.members), {
    description: 'Internal: the workspaces that are counted',
  });
  setHandler(
    messages.membersChangedSignal,
    (delivery: unknown) => {
      const { behind, isDue } = takeDelivery(state, pusher.behind, delivery);
      pusher.behind = behind;
      pusher.isAwake ||= isDue;
      showDetails();
    },
    { description: 'Internal: the policy, and what workspaces report' },
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

function openState(input: unknown): PartState {
  const info = workflowInfo();
  if (info.continuedFromExecutionRunId) return migratePart((input as { carried: PartState }).carried);
  const state = createPart(input);
  const expected = organizationPartId(state.organization, state.part);
  if (info.workflowId !== expected) throw invalid('workflow id', `${expected} for this part`, info.workflowId);
  return state;
}

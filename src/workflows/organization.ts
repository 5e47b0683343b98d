/**
 * The workflow `organization`: policy of one organization, and what its workspaces use. It never ends; Temporal's cancel is taken
 * note of and without effect, since workspaces would be left without a policy.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { isTimeZone, refusalToFailure } from './handlers';
import * as messages from './messages';
import { observe } from './observe';
import { care } from './proxies';
import {
  applyPolicyChange,
  createOrganization,
  duePush,
  type OrganizationState,
  viewOrganizationDetails,
  viewPolicy,
} from './workspace/organization';
import { invalid } from './workspace/refusal';
import { takeUsageReport, takeWorkspaceEnded, viewUsage } from './workspace/usage';

export async function organization(input?: unknown): Promise<void> {
  const state = refusalToFailure(() => openState(input));
  let isCancelled = false;
  registerHandlers(state);
  CancellationScope.current().cancelRequested.catch(() => {
    isCancelled = true;
  });
  await CancellationScope.nonCancellable(async () => {
    const mustHandOver = () => isCancelled || workflowInfo().continueAsNewSuggested;
    for (;;) {
      setCurrentDetails(viewOrganizationDetails(state));
      await condition(() => mustHandOver() || duePush(state) !== null);
      if (mustHandOver()) break;
      await push(state, mustHandOver);
    }
    await condition(allHandlersFinished);
    await continueAsNew<typeof organization>({ carried: state });
  });
}

function openState(input: unknown): OrganizationState {
  const info = workflowInfo();
  if (info.continuedFromExecutionRunId) return (input as { carried: OrganizationState }).carried;
  const state = createOrganization(input, Date.now());
  const expected = messages.organizationWorkflowId(state.name);
  if (info.workflowId !== expected) throw invalid('workflow id', `${expected} for this name`, info.workflowId);
  return state;
}

function registerHandlers(state: OrganizationState): void {
  setHandler(messages.policyQuery, () => viewPolicy(state), {
    description: 'The policy with its version and its last 50 changes',
  });
  setHandler(messages.usageQuery, () => viewUsage(state), { description: 'What runs and what is kept, for each owner' });
  setHandler(
    messages.setPolicyUpdate,
    (input) => {
      const policy = refusalToFailure(() => applyPolicyChange(state, input, Date.now()));
      setCurrentDetails(viewOrganizationDetails(state));
      return policy;
    },
    {
      validator: (input) => {
        refusalToFailure(() => checkPolicyChange(state, input));
      },
      description: 'Changes the policy: any of autoOff, autoStart, resources, build, retention, podSecurity, and by',
    },
  );
  setHandler(messages.usageReportedSignal, (input: unknown) => takeUsageReport(state, input), {
    description: 'Internal: what a workspace uses',
  });
  setHandler(messages.workspaceEndedSignal, (input: unknown) => takeWorkspaceEnded(state, input), {
    description: 'Internal: a workspace was terminated, or the home that it left is gone',
  });
}

/** On a copy; and whether a zone exists is asked here only, since validators are not replayed. */
function checkPolicyChange(state: OrganizationState, input: unknown): void {
  const { autoStart } = applyPolicyChange(JSON.parse(JSON.stringify(state)) as OrganizationState, input, 0);
  if (autoStart.timeZone !== null && !isTimeZone(autoStart.timeZone)) {
    throw invalid('autoStart.timeZone', 'an IANA time zone such as Europe/Berlin, or null', autoStart.timeZone);
  }
}

/** Tells every workspace that does not have the newest policy yet. A newer policy in the middle of it is pushed right after. */
async function push(state: OrganizationState, mustHandOver: () => boolean): Promise<void> {
  const due = duePush(state);
  if (!due) return;
  const summary = `push policy version ${due.policy.version} to ${due.workspaces.length} workspaces`;
  try {
    await observe(() => care.pushPolicy.executeWithOptions({ summary }, [due]), mustHandOver);
  } catch (error) {
    log.warn('a push of the policy was cut off', { error });
    return;
  }
  for (const workspace of due.workspaces) {
    const known = state.workspaces[workspace];
    if (known) known.policyVersion = Math.max(known.policyVersion, due.policy.version);
  }
}

/**
 * The workflow `organization`: the policy of one organization, and what its workspaces use. It never ends: Temporal's cancel only makes
 * it continue as new, since workspaces need the policy.
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
import * as messages from '../../contract/messages';
import { organizationWorkflowId } from '../../contract/names';
import { partitionActivities } from '../activity-options';
import { checkTimeZone } from '../input/creation';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { type Pusher, pushPolicies } from '../members/policy-push';
import { parseEnded, parseReports } from '../members/rules/reports';
import { listMembers } from '../members/rules/usage-records';
import { inOrderOfArrival } from '../sdk/message-order';
import { sleepUnless } from '../sdk/sleep-until';
import { type Delivery, hasDeliveries, MAX_HANDED_OVER, noteDelivered, requeue, takeDeliveries } from './rules/partitions';
import {
  applyPolicyChange,
  createOrganization,
  knownPolicy,
  migrateOrganization,
  type OrganizationState,
  pushQueueOf,
  takeOwnEnded,
  takeOwnReport,
  tryPolicyChange,
  viewOrganizationDetails,
  viewOrganizationUsage,
  viewPolicy,
} from './rules/state';

/** The pause before failed deliveries are retried. */
const RETRY_PAUSE_MS = 10_000;
/** Well below the server's limits for a run: 10,000 signals, and the number of events at which it ends the workflow. */
const MAX_EVENTS = 9_000;

/** Runs until a hand-over; fails only for a wrong input. */
export async function organization(input?: unknown): Promise<void> {
  const state = refusalToFailure(() => openState(input));
  let isCancelled = false;
  const mustHandOver = () => (isCancelled || workflowInfo().continueAsNewSuggested) && canHandOver(state);
  const pusher: Pusher = {
    members: state.members,
    queue: pushQueueOf(state),
    policy: () => knownPolicy(state),
    isAwake: false,
    mustHandOver,
  };
  inOrderOfArrival(() => {
    registerQueries(state);
    registerUpdate(state, pusher);
    registerSignals(state, pusher);
  });
  CancellationScope.current().cancelRequested.catch(() => {
    isCancelled = true;
  });
  showDetails(state);
  await CancellationScope.nonCancellable(async () => {
    const { timeZone } = state.policy.autoStart;
    if (timeZone !== null && !workflowInfo().continuedFromExecutionRunId) await checkTimeZone(timeZone);
    let isPushing = true;
    const pushing = pushPolicies(pusher).then(() => {
      isPushing = false;
    });
    // Events that arrive while the last push ends may exceed the hand-over again, so forwarding goes on until the hand-over itself.
    await Promise.all([pushing, forwardEvents(state, () => !isPushing && mustHandOver())]);
    await condition(allHandlersFinished);
    state.parts.events = state.parts.events.slice(-MAX_HANDED_OVER);
    await continueAsNew<typeof organization>({ carried: state });
  });
}

/** Unforwarded events would make the input of the next run too large, so the run goes on until most are forwarded. */
function canHandOver({ parts }: OrganizationState): boolean {
  return parts.events.length <= MAX_HANDED_OVER || workflowInfo().historyLength > MAX_EVENTS;
}

function openState(input: unknown): OrganizationState {
  const info = workflowInfo();
  if (info.continuedFromExecutionRunId) return migrateOrganization((input as { carried: OrganizationState }).carried);
  const state = createOrganization(input, Date.now());
  const expected = organizationWorkflowId(state.name);
  if (info.workflowId !== expected) throw invalid('workflow id', `${expected} for this name`, info.workflowId);
  return state;
}

function registerQueries(state: OrganizationState): void {
  setHandler(messages.policyQuery, () => viewPolicy(state), {
    description: 'The policy with its version and its last 50 changes',
  });
  setHandler(messages.usageQuery, () => viewOrganizationUsage(state), {
    description: 'The usage of each owner; `more` names the workflows that answer for further owners',
  });
  setHandler(messages.membersQuery, () => listMembers(state.members), {
    description: 'Internal: the workspaces counted here',
  });
}

function registerUpdate(state: OrganizationState, pusher: Pusher): void {
  setHandler(
    messages.setPolicyUpdate,
    (input) => {
      const policy = refusalToFailure(() => applyPolicyChange(state, input, Date.now()));
      pusher.queue = pushQueueOf(state);
      pusher.isAwake = true;
      showDetails(state);
      return policy;
    },
    {
      validator: (input) => {
        refusalToFailure(() => tryPolicyChange(state, input, 0));
      },
      description: 'Changes the policy: any of its fields, `by`, and `ifVersion`; the answer of `policy` can be sent back whole',
    },
  );
}

function registerSignals(state: OrganizationState, pusher: Pusher): void {
  setHandler(
    messages.usageReportedSignal,
    (input: unknown) => {
      for (const report of parseReports(input)) pusher.isAwake = takeOwnReport(state, pusher.queue, report) || pusher.isAwake;
      showDetails(state);
    },
    { description: 'Internal: the usage of a workspace' },
  );
  setHandler(
    messages.workspaceEndedSignal,
    (input: unknown) => {
      const ended = parseEnded(input);
      if (ended) takeOwnEnded(state, ended);
      showDetails(state);
    },
    { description: 'Internal: a workspace was terminated, or its home is gone' },
  );
}

function showDetails(state: OrganizationState): void {
  setCurrentDetails(viewOrganizationDetails(state));
}

/** Forwards events to the partitions, one round after the other, so that each partition receives them in order. */
async function forwardEvents(state: OrganizationState, mustHandOver: () => boolean): Promise<void> {
  const { name, parts } = state;
  for (;;) {
    await condition(() => hasDeliveries(parts) || mustHandOver());
    if (mustHandOver()) return;
    const deliveries = takeDeliveries(parts) ?? [];
    const events = deliveries.reduce((sum, { events: { length } }) => sum + length, 0);
    const input = { organization: name, policy: knownPolicy(state), deliveries };
    const summary = `forward ${events} events to ${deliveries.length} partitions`;
    const failed = await partitionActivities.updateMembers.executeWithOptions({ summary }, [input]).then(
      (end) => new Set(end.failed),
      (error: unknown) => {
        log.warn('partitions: forwarding failed', { events, error });
        return new Set(deliveries.map(({ group }) => group));
      },
    );
    const hasFailed = ({ group }: Delivery) => failed.has(group);
    noteDelivered(
      parts,
      deliveries.filter((delivery) => !hasFailed(delivery)),
    );
    if (failed.size === 0) continue;
    requeue(parts, deliveries.filter(hasFailed));
    await sleepUnless(mustHandOver, RETRY_PAUSE_MS, 'retry failed deliveries to partitions');
  }
}

/**
 * The workflow `campaign`: one paced rebuild of many workspaces. Handlers write what is wanted; the loop calls `decide` (rules/decide.ts)
 * and carries the decision out (actions.ts). It completes with its last progress.
 */
import { defineSearchAttributeKey, SearchAttributeType, type SignalDefinition } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CampaignProgress } from '../../contract/campaign';
import * as messages from '../../contract/messages';
import { CAMPAIGN_WORKFLOW, campaignWorkflowId, NAME } from '../../contract/names';
import { shortActivities } from '../activity-options';
import { parseCampaign } from '../input/campaign';
import { ownFailure } from '../input/creation';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { resolveImage } from '../organization/rules/images';
import { inOrderOfArrival } from '../sdk/message-order';
import { sleepUnless } from '../sdk/sleep-until';
import { act, type CampaignRun } from './actions';
import { type CarriedCampaign, packCampaign, unpackCampaign } from './rules/carried';
import { type CampaignSignal, cancel, takeCampaignSignal } from './rules/control';
import { decide } from './rules/decide';
import { type CampaignState, createCampaign } from './rules/state';
import { viewCampaignDetails, viewProgress, viewResult, viewWorkspaces } from './rules/view';

/** After an activity that failed finally. */
const FAILURE_PAUSE_MS = 10_000;

/** Fails only for a wrong input, an unknown organization, and an image that its policy does not allow. */
export function campaign(input?: unknown): Promise<CampaignProgress> {
  const state = refusalToFailure(() => openState(input));
  let isCancelled = false;
  const run: CampaignRun = {
    state,
    isAwake: false,
    mustHandOver: () => isCancelled || isFull(state),
    name: workflowInfo().workflowId.slice(CAMPAIGN_WORKFLOW.length + 1),
  };
  inOrderOfArrival(() => registerHandlers(run));
  // After Temporal's cancel the server retries no activity of this run, so the next one awaits the rebuilds under way.
  CancellationScope.current().cancelRequested.catch(() => {
    isCancelled = true;
    cancel(state, null);
  });
  return CancellationScope.nonCancellable(() => runLoop(run));
}

async function runLoop(run: CampaignRun): Promise<CampaignProgress> {
  const { state } = run;
  showDetails(state);
  if (!workflowInfo().continuedFromExecutionRunId) await admit(state);
  for (;;) {
    run.isAwake = false;
    if (run.mustHandOver()) await handOver(state);
    const action = decide(state, Date.now());
    if (action.do === 'finish') break;
    showDetails(state);
    await act(run, action).catch((error: unknown) => afterFailure(run, error));
    showDetails(state);
  }
  if (state.phase === 'running') state.phase = 'done';
  state.endedAt = Date.now();
  showDetails(state);
  await condition(allHandlersFinished);
  return viewResult(state);
}

function openState(input: unknown): CampaignState {
  const { continuedFromExecutionRunId, workflowId, firstExecutionRunId } = workflowInfo();
  if (continuedFromExecutionRunId) return unpackCampaign((input as { carried: CarriedCampaign }).carried);
  const settings = parseCampaign(input);
  const prefix = campaignWorkflowId(settings.organization, '');
  if (!workflowId.startsWith(prefix) || !NAME.test(workflowId.slice(prefix.length))) {
    throw invalid('workflow id', `${prefix}ID with 1 to 40 of a-z, 0-9, and "-"`, workflowId);
  }
  return createCampaign(settings, firstExecutionRunId, Date.now());
}

/** Reads the policy, so that a campaign with an image that no workspace may have does nothing. */
async function admit({ settings }: CampaignState): Promise<void> {
  const { organization, image } = settings;
  upsertSearchAttributes([{ key: defineSearchAttributeKey('Organization', SearchAttributeType.KEYWORD), value: organization }]);
  const summary = `policy of ${organization}`;
  const policy = await ownFailure(() => shortActivities.readPolicy.executeWithOptions({ summary }, [{ organization }]));
  if (image !== null) refusalToFailure(() => resolveImage(image, policy));
}

function registerHandlers(run: CampaignRun): void {
  const { state } = run;
  setHandler(messages.progressQuery, () => viewProgress(state), { description: 'How far the campaign is' });
  setHandler(messages.workspacesQuery, (input) => refusalToFailure(() => viewWorkspaces(state, input)), {
    description: 'The workspaces, up to 500 from an offset on: { offset? }',
  });
  const signal = (definition: { name: string }, description: string) =>
    setHandler(
      definition as SignalDefinition<[unknown]>,
      (input: unknown) => {
        takeCampaignSignal(state, definition.name as CampaignSignal, input, Date.now());
        run.isAwake = true;
        showDetails(state);
      },
      { description },
    );
  signal(messages.pauseSignal, 'Begins no further rebuild until it is resumed: { by? }');
  signal(messages.resumeSignal, 'Goes on after a pause: { by? }');
  signal(messages.cancelSignal, 'Ends the campaign when the rebuilds under way have ended: { by? }');
}

/** Only a list that is refused ends the workflow; it has done nothing by then. */
async function afterFailure(run: CampaignRun, error: unknown): Promise<void> {
  if (run.state.records === null && !run.mustHandOver()) throw error;
  log.warn('campaign: an activity failed', { error });
  await sleepUnless(() => run.isAwake || run.mustHandOver(), FAILURE_PAUSE_MS, 'retry after a failed activity');
}

function isFull({ settings }: CampaignState): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  const { continueAsNewAfterEvents } = settings;
  return continueAsNewSuggested || (continueAsNewAfterEvents !== null && historyLength >= continueAsNewAfterEvents);
}

async function handOver(state: CampaignState): Promise<never> {
  await condition(allHandlersFinished);
  return continueAsNew<typeof campaign>({ carried: packCampaign(state) });
}

function showDetails(state: CampaignState): void {
  setCurrentDetails(viewCampaignDetails(state).toWellFormed());
}

/**
 * The workflow `owner`: a person's settings in one organization, and the ledger of what the person's workspaces use. It is started when
 * first needed and never ends: Temporal's cancel only makes it continue as new.
 */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Findings } from '../../contract/internal/ledger';
import { ownerWorkflowId } from '../../contract/names';
import { checkActivities, pushActivities } from '../activity-options';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { untilTaskWithoutAnswers } from '../sdk/hand-over';
import { inOrderOfArrival } from '../sdk/message-order';
import { oncePerTask } from '../sdk/once-per-task';
import { sleepUnless } from '../sdk/sleep-until';
import { registerOwnerHandlers } from './handlers';
import { viewOwnerDetails } from './rules/details';
import { holders } from './rules/entries';
import {
  beginCheck,
  checkEnded,
  createOwner,
  decideOwner,
  knownOwner,
  migrateOwner,
  type OwnerState,
  pushEnded,
  viewOwner,
} from './rules/state';
import type { OwnerRun } from './run';

/** Runs until a hand-over; fails only for a wrong input. */
export async function owner(input?: unknown): Promise<void> {
  const state = refusalToFailure(() => openState(input));
  let isCancelled = false;
  const run: OwnerRun = {
    state,
    isAwake: false,
    checks: 0,
    answeredAt: -1,
    mustHandOver: () => isCancelled || workflowInfo().continueAsNewSuggested,
    refresh: oncePerTask(() => setCurrentDetails(viewOwnerDetails(viewOwner(state)).toWellFormed())),
  };
  inOrderOfArrival(() => registerOwnerHandlers(run));
  CancellationScope.current().cancelRequested.catch(() => {
    isCancelled = true;
  });
  if (!workflowInfo().continuedFromExecutionRunId) publishNames(state);
  run.refresh();
  await CancellationScope.nonCancellable(() => runLoop(run));
}

function openState(input: unknown): OwnerState {
  const info = workflowInfo();
  if (info.continuedFromExecutionRunId) return migrateOwner((input as { carried: OwnerState }).carried);
  const state = createOwner(input);
  const expected = ownerWorkflowId(state.organization, state.owner);
  if (info.workflowId !== expected) throw invalid('workflow id', `${expected} for this organization and owner`, info.workflowId);
  return state;
}

/** Lists of owners go by these. */
function publishNames({ owner: name, organization }: OwnerState): void {
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('Owner', SearchAttributeType.KEYWORD), value: name },
    { key: defineSearchAttributeKey('Organization', SearchAttributeType.KEYWORD), value: organization },
  ]);
}

async function runLoop(run: OwnerRun): Promise<void> {
  const { state, mustHandOver } = run;
  // Updates may wait for a check, so the loop goes on until all are answered.
  const canHandOver = () => mustHandOver() && allHandlersFinished();
  for (;;) {
    run.isAwake = false;
    const decision = decideOwner(state, Date.now());
    if (canHandOver()) {
      await untilTaskWithoutAnswers(run);
      if (canHandOver()) break;
    } else if (decision.do === 'check') await check(run);
    else if (decision.do === 'push') await push(run);
    else if (decision.until === null) await condition(() => run.isAwake || canHandOver());
    else
      await sleepUnless(
        () => run.isAwake || canHandOver(),
        decision.until - Date.now(),
        'compare the ledger with the workspaces',
      );
  }
  await continueAsNew<typeof owner>({ carried: state });
}

/** Compares the ledger with the workspaces. After a failure the next check tries again. */
async function check(run: OwnerRun): Promise<void> {
  const { state } = run;
  const { organization, owner: name } = state;
  const before = beginCheck(state);
  const workspaces = holders(state.ledger).map(({ name: workspace, id, entry }) => ({
    name: workspace,
    id,
    running: entry.running,
  }));
  const summary = `compare the ledger with ${workspaces.length} workspaces`;
  let findings: Findings | null = null;
  try {
    findings = await checkActivities.checkLedger.executeWithOptions({ summary }, [{ organization, owner: name, workspaces }]);
  } catch (error) {
    log.warn('ledger: check failed', { organization, owner: name, error });
  }
  checkEnded(state, before, findings, Date.now());
  run.checks += 1;
  run.refresh();
}

/** Sends changed settings to the workspaces. */
async function push(run: OwnerRun): Promise<void> {
  const { state } = run;
  const workspaces = state.push?.workspaces ?? [];
  const sent = knownOwner(state);
  const summary = `send settings to ${workspaces.length} workspaces`;
  const { unreached } = await pushActivities.pushPolicy.executeWithOptions({ summary }, [{ owner: sent, workspaces }]);
  // Settings that changed meanwhile are sent to all again.
  if (knownOwner(state).changedAt === sent.changedAt) pushEnded(state, unreached, Date.now());
}

/**
 * The workflow `workspace`: one workspace, from creation until its home is purged. Handlers write what is wanted; the loop calls
 * `decide` (rules/decide.ts) and carries the decision out (actions.ts).
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  patched,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { workspaceWorkflowId } from '../../contract/names';
import type { StatusView } from '../../contract/payloads';
import { shortActivities } from '../activity-options';
import { checkTimeZone, ownFailure } from '../input/creation';
import { asObject, isLoneRef, refuseLoneRef } from '../input/fields';
import { parseCreation } from '../input/messages';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { untilTaskWithoutAnswers } from '../sdk/hand-over';
import { inOrderOfArrival } from '../sdk/message-order';
import { oncePerTask } from '../sdk/once-per-task';
import { act } from './actions';
import { registerHandlers } from './handlers';
import { publish, showDetails } from './publish';
import { autoOffAt, trackDue } from './rules/auto-off';
import { checkOwn, wantedSpec } from './rules/build-spec';
import { decide } from './rules/decide';
import { migrate } from './rules/migrate';
import { checkSchedule } from './rules/owner/owner';
import { takePolicy } from './rules/policy-update';
import { requestDelete } from './rules/requests';
import { abandonRefresh } from './rules/secrets/refresh';
import { takeEarlySignals } from './rules/signals';
import { createState, type State } from './rules/state';
import { viewStatus } from './rules/view/status';
import type { Run } from './run';

/** Not async, since that would add promises that stay pending as long as the run lives (see sdk/sleep-until.ts). */
export function workspace(input?: unknown): Promise<StatusView> {
  const state = refusalToFailure(() => openState(input));
  let isCancelled = false;
  const run: Run = {
    state,
    isAwake: false,
    wake: () => {
      run.isAwake = true;
      run.refresh();
    },
    refresh: oncePerTask(() => showDetails(state)),
    mustHandOver: () => isCancelled || isFull(state),
    planning: null,
    reports: { pending: 0, last: Promise.resolve() },
    answeredAt: -1,
  };
  inOrderOfArrival(() => registerHandlers(run));
  // Temporal's cancel is a delete. A run receives one cancel only, so the loop continues as new after it.
  CancellationScope.current().cancelRequested.catch(() => {
    isCancelled = true;
    requestDelete(state, {}, Date.now(), 'the workflow was cancelled');
    run.wake();
  });
  return CancellationScope.nonCancellable(() => runLoop(run));
}

async function runLoop(run: Run): Promise<StatusView> {
  const { state } = run;
  await admitCreation(run);
  while (state.phase !== 'purged') {
    run.isAwake = false;
    trackDue(state, Date.now());
    const decision = decide(state, Date.now());
    // The search attribute keeps the auto-off as last armed; later pings move the real one without an event.
    if (decision.do === 'sleep') state.armedAutoOffAt = autoOffAt(state);
    publish(run);
    if (run.mustHandOver()) await handOver(run);
    await act(run, decision);
  }
  publish(run);
  await run.reports.last;
  await condition(() => run.reports.pending === 0);
  await condition(allHandlersFinished);
  return viewStatus(state);
}

/** The state that the earlier run handed over, or that of a new workspace. Only a continued run may bring a state. */
function openState(input: unknown): State {
  const info = workflowInfo();
  if (info.continuedFromExecutionRunId) return migrate((input as { carried: State }).carried);
  const creation = parseCreation(input);
  const { dotfiles } = asObject('input', input);
  if (isLoneRef(dotfiles) && patched('dotfiles-ref-without-uri')) refuseLoneRef('dotfiles', dotfiles);
  const expected = workspaceWorkflowId(creation.owner, creation.name);
  if (info.workflowId !== expected) throw invalid('workflow id', `${expected} for this owner and name`, info.workflowId);
  const state = createState(creation, creation.home ?? info.firstExecutionRunId, Date.now());
  upsertMemo({ id: state.id });
  return state;
}

/** Reads the policy for the first time. An input that it does not allow fails the workflow before anything is created. */
async function admitCreation(run: Run): Promise<void> {
  const { state } = run;
  if (state.policy) return;
  showDetails(state);
  const policy = await ownFailure(() =>
    shortActivities.readPolicy.executeWithOptions({ summary: `policy of ${state.organization}` }, [
      { organization: state.organization, owner: state.owner },
    ]),
  );
  if (state.own.autoStart?.timeZone) await checkTimeZone(state.own.autoStart.timeZone);
  refusalToFailure(() => {
    checkOwn(state.own, policy);
    wantedSpec(state, state.own, policy);
  });
  takePolicy(state, policy, Date.now());
  refusalToFailure(() => checkSchedule(state, state.own));
  takeEarlySignals(state, Date.now());
}

function isFull(state: State): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || (state.continueAsNewAfterEvents !== null && historyLength >= state.continueAsNewAfterEvents);
}

/** Without an await between the last check of the state and the command, every signal is either in the state or in the next run. */
async function handOver(run: Run): Promise<never> {
  const { state, reports } = run;
  do {
    await condition(allHandlersFinished);
    await untilTaskWithoutAnswers(run);
  } while (!allHandlersFinished());
  // The end of the run drops a pending report, so the next run sends it again.
  if (reports.pending > 0) {
    state.report.sent = '';
    if (state.ledger) state.ledger.sent = '';
  }
  // It drops a refresh too, whose attempt may go on beside that of the next run.
  abandonRefresh(state, Date.now());
  return continueAsNew<typeof workspace>({ carried: state });
}

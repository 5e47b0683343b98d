/**
 * All messages of a workspace. The state exists first; then queries, updates, and signals are registered, in this order and before the
 * first await. There is no default signal handler: a signal named `__temporal_…` would then fail the workflow task on every retry.
 */
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { condition, setHandler, workflowInfo } from '@temporalio/workflow';
import * as messages from '../../contract/messages';
import { isTimeZone } from '../../contract/time-zone';
import { asObject, refuseLoneRef } from '../input/fields';
import { parseBuildNumber } from '../input/messages';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { settlePlan } from './plan';
import { requestForcedRebuild } from './rules/campaign/forced-rebuild';
import { requestConfigure } from './rules/configure';
import { previewState } from './rules/policy/preview';
import { requestBuild, requestDelete, requestRestore, requestStop } from './rules/requests';
import { type SignalName, takeSignal } from './rules/signals';
import type { State } from './rules/state';
import { viewExplain } from './rules/view/explain';
import { viewBuild, viewStatus } from './rules/view/status';
import type { Run } from './run';

/** Registers every handler of the workspace. */
export function registerHandlers(run: Run): void {
  registerQueries(run);
  registerUpdates(run);
  registerSignals(run);
}

function registerQueries({ state }: Run): void {
  setHandler(messages.statusQuery, () => viewStatus(state), { description: 'The whole state, wanted and present' });
  setHandler(messages.explainQuery, () => viewExplain(state, Date.now()), {
    description: 'Why the workspace is in its state, what comes next, what would change that, and the last 50 changes of state',
  });
  setHandler(messages.buildQuery, (input) => refusalToFailure(() => viewBuild(state, parseBuildNumber(input))), {
    description: 'One of the last ten builds, the newest by default: { number? }',
  });
  setHandler(messages.stateQuery, () => previewState(state), {
    description: 'Internal: what the preview of a policy is computed from',
  });
}

function registerUpdates(run: Run): void {
  const now = () => Date.now();
  update(run, messages.startUpdate, {
    request: (state, input) => requestBuild(state, 'start', input, now()),
    description: 'Starts the workspace: { by? }',
  });
  update(run, messages.stopUpdate, {
    request: (state, input) => requestStop(state, 'stop', input, now()),
    description: 'Stops the workspace and keeps its home: { by?, reason? }',
  });
  update(run, messages.rebuildUpdate, {
    request: (state, input) => requestBuild(state, 'rebuild', input, now()),
    description: 'Rebuilds the workspace and keeps its home: { by?, reason?, image?, resources?, env? }',
  });
  update(run, messages.cancelBuildUpdate, {
    request: (state, input) => requestStop(state, 'cancelBuild', input, now()),
    description: 'Cancels the current build; the workspace goes off: { by? }',
  });
  update(run, messages.restoreUpdate, {
    request: (state, input) => requestRestore(state, input, now()),
    description: 'Restores a deleted workspace before its purge: { by? }',
  });
  update(run, messages.deleteUpdate, {
    request: (state, input) => requestDelete(state, input, now()),
    description: 'Deletes the workspace; its home is kept for the retention, or purged now: { by?, purge? }',
  });
  update(run, messages.forceRebuildUpdate, {
    request: (state, input) => requestForcedRebuild(state, input, now()),
    description: 'Internal: a campaign rebuilds the workspace, unless it may not be rebuilt now',
  });
  update(run, messages.configureUpdate, {
    request: (state, input) => requestConfigure(state, input, now()),
    answer: async () => {
      await settlePlan(run);
      return viewStatus(run.state);
    },
    check: (input) => {
      checkTimeZone(input);
      refuseLoneRef('dotfiles', asObject('input', input).dotfiles);
    },
    description: 'Sets or clears (null) settings: { by?, autoStart?, autoOff?, image?, resources?, env?, dotfiles? }',
  });
}

type Handling<T> = {
  /** Checks that only a validator may make, since validators are not replayed. */
  check?: (input: unknown) => void;
  description: string;
} & (
  | { /** Takes the request and returns the answer. */ request: (state: State, input: unknown) => T; answer?: never }
  | {
      request: (state: State, input: unknown) => void;
      /** The answer, for which the update waits seconds at most after the request was taken. */
      answer: () => Promise<T>;
    }
);

function update<T>(run: Run, definition: { name: string }, { request, answer, check, description }: Handling<T>): void {
  const handle = async (input: unknown): Promise<T> => {
    if (run.state.policy === null) await condition(() => run.state.policy !== null);
    run.answeredAt = workflowInfo().historyLength;
    const result = refusalToFailure(() => request(run.state, input));
    run.wake();
    if (!answer) return result as T;
    const answered = await answer();
    run.answeredAt = workflowInfo().historyLength;
    return answered;
  };
  // The same request on a copy: a refusal by the validator costs no event in the history.
  const validator = (input: unknown): void => {
    refusalToFailure(() => check?.(input));
    if (run.state.policy !== null) refusalToFailure(() => request(JSON.parse(JSON.stringify(run.state)) as State, input));
  };
  setHandler(definition as UpdateDefinition<T, [unknown]>, handle, { validator, description });
}

function registerSignals(run: Run): void {
  const signal = (definition: { name: string }, description: string, isWaking = true) =>
    setHandler(
      definition as SignalDefinition<[unknown]>,
      (input: unknown) => {
        takeSignal(run.state, definition.name as SignalName, input, Date.now());
        if (isWaking) run.wake();
        else run.refresh();
      },
      { description },
    );
  signal(messages.startSignal, 'Starts the workspace: { by? }');
  signal(messages.stopSignal, 'Stops the workspace and keeps its home: { by?, reason? }');
  signal(messages.rebuildSignal, 'Rebuilds the workspace and keeps its home: { by?, reason?, image?, resources?, env? }');
  signal(messages.cancelBuildSignal, 'Cancels the current build; the workspace goes off: { by? }');
  signal(messages.policyChangedSignal, 'Internal: the new policy of the organization');
  signal(messages.podLostSignal, 'Internal: the watch found that the pod is gone');
  signal(messages.requiredSignal, 'Internal: a campaign requires a rebuild, announces one, or takes that back');
  signal(messages.secretsChangedSignal, 'Internal: a secret or a key changed, which the pod has to be given: { delayMs? }');
  signal(messages.reportUsageSignal, 'Internal: the watch found that the workspace is counted as something else than it is');
  // A ping only moves a number, which the next decision uses: it does not wake the loop and arms no timer.
  signal(messages.pingSignal, 'Records an access: { via?, session?, at? }', false);
}

/** The zone data of the machine may differ on replay, so only validators and activities check zones. */
function checkTimeZone(input: unknown): void {
  const { autoStart } = asObject('input', input);
  if (autoStart === undefined || autoStart === null) return;
  const { timeZone } = asObject('autoStart', autoStart);
  if (typeof timeZone === 'string' && timeZone !== '' && !isTimeZone(timeZone)) {
    throw invalid('autoStart.timeZone', 'an IANA time zone such as Europe/Berlin', timeZone);
  }
}

/** All messages of a workspace, registered before the first await: queries, then updates, then signals. No default handler: one could be made to fail the workflow task. */
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { condition, setHandler, workflowInfo } from '@temporalio/workflow';
import * as messages from '../../contract/messages';
import { isTimeZone } from '../../contract/time-zone';
import { asObject } from '../input/fields';
import { parseBuildNumber } from '../input/messages';
import { invalid } from '../input/refusal';
import { refusalToFailure } from '../input/refusal-failure';
import { settlePlan } from './plan';
import { requestConfigure } from './rules/configure';
import { requestBuild, requestDelete, requestRestore, requestStop } from './rules/requests';
import { type SignalName, takeSignal } from './rules/signals';
import type { State } from './rules/state';
import { viewExplain } from './rules/view-explain';
import { viewBuild, viewStatus } from './rules/view-status';
import type { Run } from './run';

export function registerHandlers(run: Run): void {
  registerQueries(run);
  registerUpdates(run);
  registerSignals(run);
}

function registerQueries({ state }: Run): void {
  setHandler(messages.statusQuery, () => viewStatus(state), { description: 'The whole state, as wanted and as it is' });
  setHandler(messages.explainQuery, () => viewExplain(state, Date.now()), {
    description: 'Why it is as it is, what comes next, what would change that, and the last 50 changes of state',
  });
  setHandler(messages.buildQuery, (input) => refusalToFailure(() => viewBuild(state, parseBuildNumber(input))), {
    description: 'One of the last ten builds: { number? }, the newest without it',
  });
}

function registerUpdates(run: Run): void {
  const now = () => Date.now();
  update(run, messages.startUpdate, {
    request: (state, input) => requestBuild(state, 'start', input, now()),
    description: 'Starts it: { by? }',
  });
  update(run, messages.stopUpdate, {
    request: (state, input) => requestStop(state, 'stop', input, now()),
    description: 'Stops it, the home stays: { by?, reason? }',
  });
  update(run, messages.rebuildUpdate, {
    request: (state, input) => requestBuild(state, 'rebuild', input, now()),
    description: 'Builds it anew, the home stays: { by?, reason?, image?, resources?, env? }',
  });
  update(run, messages.cancelBuildUpdate, {
    request: (state, input) => requestStop(state, 'cancelBuild', input, now()),
    description: 'Ends the build under way, to off: { by? }',
  });
  update(run, messages.restoreUpdate, {
    request: (state, input) => requestRestore(state, input, now()),
    description: 'Takes a delete back before the purge: { by? }',
  });
  update(run, messages.deleteUpdate, {
    request: (state, input) => requestDelete(state, input, now()),
    description: 'Deletes it; the home is kept for the retention, or purged at once: { by?, purge? }',
  });
  update(run, messages.configureUpdate, {
    request: (state, input) => {
      requestConfigure(state, input, now());
      return viewStatus(state);
    },
    afterwards: async () => {
      await settlePlan(run);
      return viewStatus(run.state);
    },
    check: checkTimeZone,
    description: 'Sets or clears (null) any of autoStart, autoOff, image, resources, env, dotfiles',
  });
}

interface Handling<T> {
  request: (state: State, input: unknown) => T;
  /** What the answer waits for once the request is taken, for seconds at most; it resolves with the answer as it is then. */
  afterwards?: () => Promise<T>;
  /** What only a validator may ask, since validators are not replayed. */
  check?: (input: unknown) => void;
  description: string;
}

function update<T>(run: Run, definition: { name: string }, handling: Handling<T>): void {
  const { request, afterwards, check, description } = handling;
  const answer = async (input: unknown): Promise<T> => {
    if (run.state.policy === null) await condition(() => run.state.policy !== null);
    run.answeredAt = workflowInfo().historyLength;
    const result = refusalToFailure(() => request(run.state, input));
    run.wake();
    if (!afterwards) return result;
    const settled = await afterwards();
    run.answeredAt = workflowInfo().historyLength;
    return settled;
  };
  // The same request on a copy: what would be refused is refused here already, without an event in the history.
  const validator = (input: unknown): void => {
    refusalToFailure(() => check?.(input));
    if (run.state.policy !== null) refusalToFailure(() => request(JSON.parse(JSON.stringify(run.state)) as State, input));
  };
  setHandler(definition as UpdateDefinition<T, [unknown]>, answer, { validator, description });
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
  signal(messages.startSignal, 'Starts it: { by? }');
  signal(messages.stopSignal, 'Stops it, the home stays: { by?, reason? }');
  signal(messages.rebuildSignal, 'Builds it anew, the home stays: { by?, reason?, image?, resources?, env? }');
  signal(messages.cancelBuildSignal, 'Ends the build under way, to off: { by? }');
  signal(messages.policyChangedSignal, 'Internal: the organization has a new policy');
  signal(messages.podLostSignal, 'Internal: the watch misses the pod');
  // A ping only moves a number, which the next decision sees: it wakes nobody and arms no timer.
  signal(messages.pingSignal, 'Somebody uses it: { via?, session?, at? }', false);
}

/** Whether a zone exists is the machine's knowledge and may differ on replay, so only validators and activities ask. */
function checkTimeZone(input: unknown): void {
  const { autoStart } = asObject('input', input);
  if (autoStart === undefined || autoStart === null) return;
  const { timeZone } = asObject('autoStart', autoStart);
  if (typeof timeZone === 'string' && timeZone !== '' && !isTimeZone(timeZone)) {
    throw invalid('autoStart.timeZone', 'an IANA time zone such as Europe/Berlin', timeZone);
  }
}

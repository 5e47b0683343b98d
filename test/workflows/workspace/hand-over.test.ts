/** Continue-as-new, cancel, terminate, and reset of a workspace. */

import { until } from '../../support/until';
import {
  clearOverrides,
  createGate,
  type Stack,
  startStack,
  taskFailures,
  untilState,
} from '../../support/workflows/temporal-env';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev', { withWatch: true });
});
afterEach(() => clearOverrides(stack));
afterAll(() => stack?.close());

const create = (name: string, more: object = {}) =>
  stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada', ...more });
const handleOf = (name: string) => stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`);

/** Resets it to the end of one of its tasks, without the signals and updates since. */
async function resetTo(name: string, workflowTaskFinishEventId: Long | null | undefined): Promise<void> {
  const { workflowId, runId } = await handleOf(name).describe();
  await stack.client.temporal.workflowService.resetWorkflowExecution({
    namespace: stack.client.temporal.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'test',
    requestId: `reset-${runId}`,
    workflowTaskFinishEventId: workflowTaskFinishEventId ?? null,
    resetReapplyExcludeTypes: [1, 2],
  });
  await until('another run goes on', async () => (await handleOf(name).describe()).runId !== runId);
}

test('A new run takes over a build in the middle of a step and finishes it.', async () => {
  const gate = createGate();
  const startsOf = () => stack.runtime.calls.filter((verb) => verb === 'startPod').length;
  const [startsBefore, stopsBefore] = [startsOf(), stack.runtime.calls.filter((verb) => verb === 'stopPod').length];
  stack.overrides.hold = (verb) => (verb === 'startPod' ? gate.opened : undefined);
  const workspace = await create('taken-over', { continueAsNewAfterEvents: 40 });
  await until('the pod is being started', () => startsOf() === startsBefore + 1);
  const firstRun = (await handleOf('taken-over').describe()).runId;
  for (let ping = 0; ping < 15; ping += 1) await workspace.ping();
  await until(
    'another run has taken over',
    async () => (await handleOf('taken-over').describe()).runId !== firstRun && startsOf() > startsBefore + 1,
  );
  gate.open();
  const build = await workspace.waitForBuild(1);
  expect(build.steps.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'skipped', 'skipped', 'skipped']);
  expect(stack.runtime.calls.filter((verb) => verb === 'stopPod')).toHaveLength(stopsBefore);
  await untilState(workspace, 'running');
});

test('Each cancel of the workflow is a delete.', async () => {
  const workspace = await create('cancelled');
  await untilState(workspace, 'running');
  for (let round = 0; round < 2; round += 1) {
    await handleOf('cancelled').cancel();
    const status = await untilState(workspace, 'deleted');
    expect(status.purgeAt).not.toBeNull();
    await workspace.restore();
    expect((await workspace.status()).state).toBe('off');
  }
});

test('After a reset the workspace keeps its id and home, takes a build number above the newest in the runtime, and builds.', async () => {
  const workspace = await create('reset');
  await workspace.waitForBuild(1);
  const before = await untilState(workspace, 'running');
  await workspace.rebuild();
  await workspace.waitForBuild(2);
  const { events } = await handleOf('reset').fetchHistory();
  await resetTo('reset', events?.find(({ workflowTaskCompletedEventAttributes: done }) => done)?.eventId);
  const after = await until('it runs on a newer build', async () => {
    const status = await workspace.status();
    return status.state === 'running' && (status.build?.number ?? 0) > 2 && status;
  });
  expect(after.id).toBe(before.id);
  const pods = (await stack.runtime.listPods()).filter(({ id }) => id === after.id);
  expect(pods.map(({ build }) => build)).toEqual([after.build?.number]);
});

test('A workspace that was off, and was reset to when it ran, is counted as running once it is asked to report again.', async () => {
  const organization = stack.client.organization('reset');
  await organization.create();
  const counted = async () => (await organization.usage()).owners.ada?.running ?? 0;
  const workspace = await create('reset-usage', { organization: 'reset' });
  await untilState(workspace, 'running');
  await until('it is counted', async () => (await counted()) === 1);
  const { events } = await handleOf('reset-usage').fetchHistory();
  const lastTask = events?.findLast(({ workflowTaskCompletedEventAttributes: done }) => done)?.eventId;
  await workspace.stop();
  await untilState(workspace, 'off');
  await until('it is counted as off', async () => (await counted()) === 0);
  await resetTo('reset-usage', lastTask);
  await until('its lost pod is replaced', async () => {
    const { state, build } = await workspace.status();
    return state === 'running' && (build?.number ?? 0) > 1;
  });
  await handleOf('reset-usage').signal('reportUsage', {});
  await until('it is counted again', async () => (await counted()) === 1);
  await workspace.stop();
  await until('it is counted as off again', async () => (await counted()) === 0);
  expect((await workspace.status()).rejected.count).toBe(0);
});

test('After a terminate the watch removes the pod and keeps the home, which another workspace can adopt.', async () => {
  const workspace = await create('terminated');
  const { id } = await untilState(workspace, 'running');
  await handleOf('terminated').terminate('test');
  await until('the pod is removed', async () => !(await stack.runtime.listPods()).some((pod) => pod.id === id));
  expect((await stack.runtime.listHomes()).some((home) => home.id === id)).toBe(true);
  const heir = await create('heir', { home: id });
  expect((await untilState(heir, 'running')).id).toBe(id);
});

test('A home of a live workspace, or of another owner, is not adopted.', async () => {
  const holder = await create('holder');
  const { id } = await untilState(holder, 'running');
  const thief = await create('thief', { home: id });
  expect((await thief.waitForBuild(1)).failure).toMatchObject({ type: 'NotAllowed' });
  const other = await stack.client.create({ owner: 'bob', name: 'other', image: 'starter:1', home: id });
  expect((await other.waitForBuild(1)).failure?.type).toBe('NotAllowed');
  expect((await holder.status()).state).toBe('running');
});

test('A lost pod is rebuilt with the same digest three times in an hour; the fourth loss is an error.', async () => {
  const workspace = await create('lost');
  const first = await untilState(workspace, 'running');
  for (let loss = 1; loss <= 3; loss += 1) {
    stack.runtime.losePod({ id: first.id, organization: 'default', build: loss }, { reason: 'it was evicted' });
    const status = await until(`loss ${loss} is rebuilt`, async () => {
      const now = await workspace.status();
      return now.state === 'running' && now.build?.number === loss + 1 && now;
    });
    expect(status.image.digest).toBe(first.image.digest);
    expect(status.build?.cause).toBe('pod-lost');
  }
  stack.runtime.losePod({ id: first.id, organization: 'default', build: 4 }, { reason: 'it was evicted' });
  await untilState(workspace, 'error');
  const { history } = await workspace.explain();
  expect(history.at(-1)).toMatchObject({
    from: 'running',
    to: 'error',
    cause: 'pod-lost',
    by: 'watch',
    evidence: 'it was evicted',
  });
});

test.each([
  [['stop', 'start'], 'running'],
  [['start', 'stop'], 'off'],
] as const)('Signals %j that arrive before the first task are taken in order of arrival.', async (signals, state) => {
  await stack.stopWorkers();
  const workspace = await create(`early-${signals.join('-')}`);
  for (const signal of signals) await handleOf(workspace.name).signal(signal);
  await stack.startWorkers();
  await untilState(workspace, state);
  const { history } = await workspace.explain();
  expect(history.some(({ cause }) => cause === 'manual-stop')).toBe(true);
});

test('No workflow task failed, except through the server itself.', async () => {
  for (const name of ['taken-over', 'cancelled', 'terminated', 'heir', 'lost']) {
    const failures = await taskFailures(stack, `workspace/ada/${name}`);
    expect(failures.filter((failure) => !/UnhandledCommand/.test(failure))).toEqual([]);
  }
});

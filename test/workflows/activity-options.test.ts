/** Queues and priorities of activities, as scheduled on the server. */
import type { WorkspaceHandle } from '../../src/client';
import { CARE_QUEUE, STARTS_QUEUE, TASK_QUEUE } from '../../src/contract/names';
import type { Runtime } from '../../src/runtimes/runtime';
import { until } from '../support/until';
import { clearOverrides, createGate, type Stack, startStack, untilState } from '../support/workflows/temporal-env';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('time-skipping');
});
afterEach(() => clearOverrides(stack));
afterAll(() => stack?.close());

/** The queue and the priority of each activity that a workflow asked for last, 3 being the server's default, and lower ones first. */
async function queuesOf(workflowId: string): Promise<Record<string, [string | null | undefined, number]>> {
  const { events } = await stack.client.temporal.workflow.getHandle(workflowId).fetchHistory();
  const asked = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes).filter((found) => found != null);
  return Object.fromEntries(
    asked.map(({ activityType, taskQueue, priority }) => [activityType?.name, [taskQueue?.name, priority?.priorityKey || 3]]),
  );
}

async function prioritiesOf(workflowId: string): Promise<Record<string, number>> {
  const asked = Object.entries(await queuesOf(workflowId));
  return Object.fromEntries(asked.map(([activity, [, priority]]) => [activity, priority]));
}

/** Running, and to be started each morning. */
async function createScheduled(name: string): Promise<WorkspaceHandle> {
  const autoStart = { time: '08:00', timeZone: 'UTC' };
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1', autoStart });
  await untilState(workspace, 'running');
  return workspace;
}

/** Stops it, and sleeps until 20 s before its next scheduled build begins. */
async function untilScheduledStart(workspace: WorkspaceHandle): Promise<void> {
  await workspace.stop();
  await untilState(workspace, 'off');
  const { autoStart } = await workspace.status();
  const untilStart = Date.parse(autoStart?.beginsAt ?? '') - (await stack.env.currentTimeMs());
  await stack.env.sleep(untilStart - 20_000);
}

test('A scheduled build queues for the slots of starts before it begins, behind those under way, and all behind people.', async () => {
  const workspace = await createScheduled('morning');
  expect(await queuesOf('workspace/ada/morning')).toMatchObject({
    admit: [TASK_QUEUE, 2],
    prepareHome: [STARTS_QUEUE, 2],
    startPod: [STARTS_QUEUE, 2],
  });
  await untilScheduledStart(workspace);
  await stack.env.sleep(21_000);
  await untilState(workspace, 'running');
  expect((await workspace.build()).cause).toBe('auto-start');
  expect(await queuesOf('workspace/ada/morning')).toMatchObject({
    admit: [STARTS_QUEUE, 4],
    prepareHome: [STARTS_QUEUE, 3],
    startPod: [STARTS_QUEUE, 3],
  });
});

test('A queued scheduled build goes before other scheduled ones once a person asks for it.', async () => {
  const workspace = await createScheduled('wanted');
  await untilScheduledStart(workspace);
  const gate = createGate();
  // Not before: the clock does not leap over what is under way, the daily reading among it.
  stack.overrides.readPolicy = (query) => gate.opened.then(query);
  await stack.env.sleep(21_000);
  const admits = async () => (await queuesOf('workspace/ada/wanted')).admit;
  await until('it queues as a scheduled one', async () => String(await admits()) === String([STARTS_QUEUE, 4]));
  const { number, cause } = await workspace.build();
  expect(await workspace.start()).toEqual({ outcome: 'merged', state: 'building', build: number });
  await until("it queues as a person's", async () => String(await admits()) === String([TASK_QUEUE, 2]));
  gate.open();
  await untilState(workspace, 'running');
  expect(await workspace.build()).toMatchObject({ number, cause, failure: null });
  expect(await queuesOf('workspace/ada/wanted')).toMatchObject({ prepareHome: [STARTS_QUEUE, 2], startPod: [STARTS_QUEUE, 2] });
  expect((await workspace.explain()).history.filter(({ to }) => to === 'building')).toHaveLength(2);
});

test('A pod that was made is waited for without a slot of starts.', async () => {
  const beginPod = jest.fn(async () => null);
  Object.assign(stack.runtime, { beginPod });
  try {
    const workspace = await stack.client.create({ owner: 'ada', name: 'begun', image: 'starter:1' });
    await untilState(workspace, 'running');
    expect(await queuesOf('workspace/ada/begun')).toMatchObject({ startPod: [STARTS_QUEUE, 2], awaitPod: [CARE_QUEUE, 2] });
    expect(beginPod).toHaveBeenCalledTimes(1);
  } finally {
    Object.assign(stack.runtime, { beginPod: undefined });
  }
});

test('An image that was not looked into yet is waited for without a slot of starts, and its pod is made in one.', async () => {
  const order: string[] = [];
  const beginPod = async () => {
    order.push('begin');
    return null;
  };
  const awaitPod: Runtime['awaitPod'] = async (spec, progress) => {
    order.push('wait');
    return order.length < 4 ? null : stack.runtime.startPod(spec, progress);
  };
  Object.assign(stack.runtime, { beginPod, awaitPod });
  try {
    const workspace = await stack.client.create({ owner: 'ada', name: 'looked-into', image: 'starter:1' });
    await untilState(workspace, 'running');
    expect(order).toEqual(['begin', 'wait', 'begin', 'wait']);
  } finally {
    Object.assign(stack.runtime, { beginPod: undefined, awaitPod: undefined });
  }
});

test('The last look and the stop go before hooks, which hold a slot for minutes, and so does the watch.', async () => {
  const workspace = await stack.client.create({ owner: 'ada', name: 'dev', image: 'starter:1' });
  await untilState(workspace, 'running');
  // Longer than the organization's threshold.
  await stack.env.sleep('3h');
  await untilState(workspace, 'off');
  expect(await prioritiesOf('workspace/ada/dev')).toMatchObject({ lastLook: 1, stopPod: 1, runHookStep: 3 });
  const watch = { workflowId: 'watch/memory', taskQueue: TASK_QUEUE, args: [{ runtime: 'memory' }] };
  await stack.client.temporal.workflow.start('watch', watch);
  await until('the watch has begun', async () => (await prioritiesOf('watch/memory')).watch);
  expect(await prioritiesOf('watch/memory')).toEqual({ watch: 1 });
});

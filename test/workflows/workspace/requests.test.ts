/** The table of requests through the client: updates, the signals of the same names, refusals, and many at once. */

import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { RequestFailure, type WorkspaceHandle } from '../../../src/client';
import { until } from '../../support/until';
import { enableFaultInjection, failureOf, injectFault, untilCalled } from '../../support/workflows/fault-injection';
import { COLUMNS, type Column, type Request, rowsOf, SIGNALS, type State } from '../../support/workflows/request-table';
import { createGate, type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

const REQUESTS: Record<Request, (it: WorkspaceHandle) => Promise<unknown>> = {
  start: (it) => it.start({ by: 'bob' }),
  'same rebuild': (it) => it.rebuild({ by: 'bob' }),
  'other rebuild': (it) => it.rebuild({ by: 'bob', image: 'starter:2' }),
  stop: (it) => it.stop({ by: 'bob' }),
  cancelBuild: (it) => it.cancelBuild({ by: 'bob' }),
  delete: (it) => it.delete({ by: 'bob' }),
  purge: (it) => it.delete({ by: 'bob', purge: true }),
  restore: (it) => it.restore({ by: 'bob' }),
  configure: (it) => it.configure({ by: 'bob', resources: { cpu: '2' } }),
  ping: (it) => it.ping({ via: 'web' }),
};
let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
  enableFaultInjection(stack);
});
afterAll(() => stack?.close());

test.each(COLUMNS)('In %s every update answers immediately and leads to the state, as the table says.', async (column) => {
  await each(rowsOf(column), async ([request, cell]) => {
    const { workspace, letGo } = await arrive(column, nameOf('u', column, request));
    const [outcome, state, build, leadsTo] = cell;
    const answer = await REQUESTS[request](workspace).catch((error: unknown) => error);
    const label = { column, request };
    if (outcome === 'NotAllowed') {
      expect(answer).toBeInstanceOf(RequestFailure);
      expect({ ...label, type: (answer as RequestFailure).type }).toEqual({ ...label, type: outcome });
    } else if (request === 'delete' || request === 'purge') {
      expect({ ...label, answer }).toEqual({ ...label, answer: { outcome, state, purgeAt: expect.any(String) } });
    } else expect({ ...label, answer }).toEqual({ ...label, answer: { outcome, state, build } });
    letGo();
    await untilArrived(workspace, leadsTo);
  });
});

test.each(COLUMNS)('In %s the signals act as the updates of the same names, and refused ones are counted.', async (column) => {
  const rows = rowsOf(column).filter(([request]) => SIGNALS.includes(request));
  await each(rows, async ([request, [outcome, state, , leadsTo]]) => {
    const { workspace, letGo } = await arrive(column, nameOf('s', column, request));
    const [name = ''] = request.split(' ').reverse();
    const image = request === 'other rebuild' ? { image: 'starter:2' } : {};
    await handleOf(workspace).signal(name, { by: 'bob', ...image });
    const status = await workspace.status();
    expect({ column, request, state: status.state }).toEqual({ column, request, state });
    expect([status.rejected.count, status.rejected.last?.name]).toEqual(outcome === 'NotAllowed' ? [1, name] : [0, undefined]);
    letGo();
    await untilArrived(workspace, leadsTo);
  });
});

test.each(COLUMNS)(
  'In %s a ping is an access only while it runs or builds, and configure starts, stops, and builds nothing.',
  async (column) => {
    const { workspace, letGo } = await arrive(column, `c-${column}`);
    const before = await workspace.status();
    await REQUESTS.ping(workspace);
    const pinged = await workspace.status();
    const isUsed = column === 'running' || column === 'building';
    expect(pinged.autoOff.lastAccess?.via).toBe(isUsed ? 'web' : undefined);
    const configured = await REQUESTS.configure(workspace).catch((error: RequestFailure) => error);
    const isGone = column === 'deleted' || column === 'deleting';
    expect(configured).toMatchObject(isGone ? { type: 'NotAllowed' } : { state: before.state, resources: { cpu: '2' } });
    expect((await workspace.status()).build?.number).toBe(before.build?.number);
    letGo();
  },
);

test('A stop takes back a start that waits for the end of a stop.', async () => {
  const { workspace, letGo } = await arrive('turning-off', 'taken-back');
  expect(await workspace.start()).toEqual({ outcome: 'accepted', state: 'turning-off', build: 2 });
  expect(await workspace.start()).toEqual({ outcome: 'merged', state: 'turning-off', build: 2 });
  expect(await workspace.stop()).toEqual({ outcome: 'merged', state: 'turning-off', build: null });
  letGo();
  await untilState(workspace, 'off');
  expect((await workspace.status()).build?.number).toBe(1);
});

test('A second delete leaves purgeAt unchanged, and a delete with purge sets it to now.', async () => {
  const { workspace } = await arrive('deleted', 'kept');
  const { purgeAt } = await workspace.status();
  expect(await workspace.delete()).toEqual({ outcome: 'already', state: 'deleted', purgeAt });
  await workspace.restore();
  expect(await workspace.status()).toMatchObject({ state: 'off', purgeAt: null });
});

const BAD: [string, unknown, string, RegExp][] = [
  ...['start', 'stop', 'rebuild', 'cancelBuild', 'restore', 'delete', 'configure'].flatMap(
    (name): [string, unknown, string, RegExp][] => [
      [name, 'ada', 'InvalidRequest', /expected one JSON object, got "ada"/],
      [name, { by: 7 }, 'InvalidRequest', /^by: expected text of at most 200 characters, got 7/],
    ],
  ),
  ['rebuild', { image: 'Not An Image' }, 'InvalidRequest', /^image: expected .*, got "Not An Image"/],
  ['rebuild', { resources: { disk: '1Gi' } }, 'InvalidRequest', /^resources.disk: .*never shrinks/],
  ['rebuild', { env: { PATH: '/' } }, 'InvalidRequest', /^env: /],
  ['delete', { purge: 'yes' }, 'InvalidRequest', /^purge: expected true or false, got "yes"/],
  ['configure', { autoOff: { after: '45m' } }, 'NotAllowed', /^autoOff: /],
  [
    'configure',
    { autoStart: { time: '08:30', timeZone: 'Mars/Olympus' } },
    'InvalidRequest',
    /^autoStart.timeZone: .*"Mars\/Olympus"/,
  ],
  ['configure', { dotfiles: { ref: 'main' } }, 'InvalidRequest', /^dotfiles.uri: /],
  ['configure', { autoStart: { time: '08:30', timeZone: 'IST' } }, 'InvalidRequest', /^autoStart.timeZone: .*"IST"/],
];
test('A refusal by a validator leaves no event in the history.', async () => {
  const { workspace } = await arrive('running', 'refuses');
  const handle = handleOf(workspace);
  const lengthOf = async () => (await handle.describe()).historyLength;
  const before = await until('the history is at rest', async () => {
    const length = await lengthOf();
    await workspace.status();
    return length === (await lengthOf()) && length;
  });
  for (const [name, input, type, message] of BAD) {
    const error = await handle.executeUpdate(name, { args: [input] }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
    expect({ name, input, cause: (error as WorkflowUpdateFailedError).cause }).toMatchObject({ name, input, cause: { type } });
    expect((error as { cause: ApplicationFailure }).cause.message).toMatch(message);
  }
  expect(await lengthOf()).toBe(before);
  expect(await workspace.status()).toMatchObject({ state: 'running', rejected: { count: 0 } });
});

test('Of 300 requests at once every caller is answered, and no two builds overlap.', async () => {
  const { workspace } = await arrive('running', 'stormed');
  const asked = (['start', 'stop', 'other rebuild', 'same rebuild'] as const).flatMap(
    (name) => Array(75).fill(name) as Request[],
  );
  const answers = await Promise.all(asked.map((name) => REQUESTS[name](workspace)));
  expect(answers.filter((answer) => (answer as { outcome?: string }).outcome === undefined)).toEqual([]);
  await workspace.start();
  const { build } = await untilState(workspace, 'running');
  const last = build?.number ?? 0;
  // The numbers of builds that were taken back before they began are missing among the ten that are kept.
  const numbers = Array.from({ length: Math.min(100, last) }, (_, index) => last - index).reverse();
  const looked = await Promise.allSettled(numbers.map((number) => workspace.build(number)));
  const kept = looked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(kept.length).toBeGreaterThan(1);
  for (const [index, next] of kept.slice(1).entries()) {
    expect(Date.parse(next.startedAt)).toBeGreaterThanOrEqual(Date.parse(kept[index]?.endedAt ?? 'never'));
  }
  expect(await mostStepsAtOnce('workspace/ada/stormed')).toBe(1);
  expect((await stack.runtime.listPods()).filter(({ name }) => name === 'stormed')).toMatchObject([{ build: last }]);
  expect((await taskFailures(stack, 'workspace/ada/stormed')).filter((failure) => !/UnhandledCommand/.test(failure))).toEqual([]);
});

const nameOf = (...parts: string[]) => parts.join('-').replace(' ', '-').toLowerCase();

/** All at once, since each has a workspace of its own. */
async function each<T>(rows: T[], work: (row: T) => Promise<void>): Promise<void> {
  await Promise.all(rows.map(work));
}

/** A new workspace in the state asked for; it stays there until it is let go. */
async function arrive(column: Column, name: string): Promise<{ workspace: WorkspaceHandle; letGo: () => void }> {
  const gate = createGate();
  const held = (calls: number) => ({ hold: (call: number) => (call <= calls ? gate.opened : undefined) });
  const building = column === 'building' ? injectFault(name, 'start-pod', held(1)) : null;
  if (column === 'error')
    injectFault(name, 'start-pod', { fail: (call) => (call === 1 ? failureOf('ImageInvalid') : undefined) });
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada' });
  if (building) await untilCalled(building);
  else await untilState(workspace, column === 'error' ? 'error' : 'running');
  const isHeld = column === 'turning-off' || column === 'deleting';
  const stopping = isHeld ? injectFault(name, 'stop', held(1)) : null;
  if (column === 'off' || column === 'turning-off') await workspace.stop();
  if (column === 'deleted' || column === 'deleting') await workspace.delete();
  if (stopping) await untilCalled(stopping);
  else await untilState(workspace, column === 'deleting' ? 'turning-off' : column);
  return { workspace, letGo: gate.open };
}

/** A purged workspace answers no query any more: its workflow has completed with its last state. */
async function untilArrived(workspace: WorkspaceHandle, leadsTo: State): Promise<void> {
  if (leadsTo !== 'purged') await untilState(workspace, leadsTo);
  else expect(await handleOf(workspace).result()).toMatchObject({ state: 'purged' });
}

function handleOf({ workspace }: WorkspaceHandle) {
  return stack.client.temporal.workflow.getHandle(`workspace/${workspace}`);
}

/** How many activities of builds and stops were ever open at the same time, by the histories of all runs. */
async function mostStepsAtOnce(workflowId: string): Promise<number> {
  let most = 0;
  for await (const { runId } of stack.client.temporal.workflow.list({ query: `WorkflowId='${workflowId}'` })) {
    const open = new Set<string>();
    const { events } = await stack.client.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      const type = event.activityTaskScheduledEventAttributes?.activityType?.name;
      if (type && type !== 'readPolicy') open.add(String(event.eventId));
      const ended =
        event.activityTaskCompletedEventAttributes ??
        event.activityTaskFailedEventAttributes ??
        event.activityTaskCanceledEventAttributes;
      if (ended) open.delete(String(ended.scheduledEventId));
      most = Math.max(most, open.size);
    }
  }
  return most;
}

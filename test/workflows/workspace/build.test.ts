/**
 * Steps that fail just after a request, before their cancellation arrives, and workers lost at that moment. After a cancel request the
 * server retries nothing, so the failure itself arrives. An answered request holds.
 */
import type { WorkspaceHandle } from '../../../src/client';
import type { FailureType } from '../../../src/contract/failure-types';
import { until } from '../../support/until';
import {
  BUILT,
  enableFaultInjection,
  failureOf,
  homesOf,
  injectFault,
  pathOf,
  podsOf,
  RAN_WELL,
  type Step,
  untilCalled,
} from '../../support/workflows/fault-injection';
import { createGate, type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

/** After this the next heartbeat of a step, with which its cancellation arrives, is a second away. */
const UNTIL_QUIET_MS = 2_200;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
  enableFaultInjection(stack);
});
afterAll(() => stack?.close());

const SUPERSEDED = ['building→off build-cancelled', 'off→building manual-rebuild', 'building→running build-finished'];
const STOPPED = ['building→turning-off manual-stop', 'turning-off→off manual-stop'];
const DELETED = ['building→turning-off delete', 'turning-off→deleted delete'];
const REQUESTS: [string, (it: WorkspaceHandle) => Promise<unknown>, string[]][] = [
  ['stop', (it) => it.stop(), STOPPED],
  ['cancel of the build', (it) => it.cancelBuild(), ['building→turning-off build-cancelled', 'turning-off→off build-cancelled']],
  ['delete', (it) => it.delete(), DELETED],
  ['cancel of the workflow', (it) => handleOf(it.name).cancel(), DELETED],
  ['newer rebuild', (it) => it.rebuild({ image: 'starter:2' }), SUPERSEDED],
];
const ENDS: [Step, FailureType][] = [
  ['prepare-home', 'RuntimeUnavailable'],
  ['start-pod', 'RuntimeUnavailable'],
  ['start-pod', 'ImageInvalid'],
  ['configure', 'RuntimeUnavailable'],
];

test.each(REQUESTS)(
  'An answered %s holds, though the current step fails before its cancellation arrives.',
  async (what, ask, path) => {
    await Promise.all(
      ENDS.map(async ([step, type]) => {
        const name = `${what}-${step}-${type}`.toLowerCase().replaceAll(' ', '-').slice(0, 40);
        const { workspace, letGo } = await buildUntil(name, step, () => failureOf(type));
        await ask(workspace);
        letGo();
        await until(`${name} has come where it leads`, async () => (await pathOf(workspace, 1)).length >= path.length);
        expect([name, await pathOf(workspace, 1)]).toEqual([name, path]);
        const { id, purgeAt } = await workspace.status();
        expect(purgeAt === null).toBe(path !== DELETED);
        expect(await podsOf(stack, id)).toEqual(path === SUPERSEDED ? [2] : []);
      }),
    );
  },
);

test.each(REQUESTS.slice(0, 3))('An answered %s holds, though the worker is lost at that moment.', async (what, ask, path) => {
  const name = `lost-${what}`.replaceAll(' ', '-');
  const { workspace, letGo } = await buildUntil(name, 'start-pod', () => undefined);
  await ask(workspace);
  await stack.stopWorkers();
  letGo();
  await stack.startWorkers();
  await until(`${name} has come where it leads`, async () => (await pathOf(workspace, 1)).length >= path.length);
  expect(await pathOf(workspace, 1)).toEqual(path);
});

test.each(['start-pod', 'configure'] as const)(
  'A hand-over in the middle of %s with a lost worker or a failure neither fails the build nor adds a warning.',
  async (step) => {
    const { workspace, letGo, calls } = await buildUntil(`handed-over-${step}`, step, () => failureOf('RuntimeUnavailable'), {
      continueAsNewAfterEvents: 60,
    });
    const { runId } = await handleOf(workspace.name).describe();
    for (let ping = 0; ping < 50; ping += 1) await workspace.ping();
    await until('the step is no longer observed', async () => {
      const { events } = await handleOf(workspace.name, runId).fetchHistory();
      return events?.some((event) => event.activityTaskCancelRequestedEventAttributes);
    });
    letGo();
    await until('another run has taken over', async () => (await handleOf(workspace.name).describe()).runId !== runId);
    const build = await workspace.waitForBuild(1);
    expect([build.failure, build.warnings]).toEqual([null, []]);
    expect(await pathOf(workspace)).toEqual(BUILT);
    expect(calls()).toBeGreaterThan(1);
  },
);

test('A home that was created but never recorded is purged with its workspace.', async () => {
  injectFault('unrecorded', 'prepare-home', { late: () => failureOf('RuntimeUnavailable') });
  const workspace = await stack.client.create({ owner: 'ada', name: 'unrecorded', image: 'starter:1' });
  const { id } = await workspace.status();
  await until('the home is made', async () => (await homesOf(stack, id)) === 1);
  await workspace.delete({ purge: true });
  expect(await handleOf('unrecorded').result()).toMatchObject({ state: 'purged' });
  expect(await homesOf(stack, id)).toBe(0);
});

test('A home whose adoption was refused is never purged.', async () => {
  const holder = await stack.client.create({ owner: 'ada', name: 'holder', image: 'starter:1' });
  const { id } = await untilState(holder, 'running');
  const thief = await stack.client.create({ owner: 'ada', name: 'thief', image: 'starter:1', home: id });
  expect((await thief.waitForBuild(1)).failure).toMatchObject({ type: 'NotAllowed' });
  await holder.stop();
  await untilState(holder, 'off');
  await thief.delete({ purge: true });
  expect(await handleOf('thief').result()).toMatchObject({ state: 'purged' });
  expect(await homesOf(stack, id)).toBe(1);
});

test('No workflow task failed, except through the server itself.', async () => {
  const failures: string[] = [];
  for await (const { workflowId } of stack.client.temporal.workflow.list({ query: "WorkflowType='workspace'" })) {
    failures.push(...(await taskFailures(stack, workflowId)));
  }
  expect(failures.filter((failure) => !/UnhandledCommand|ForceCloseCommand/.test(failure))).toEqual([]);
});

/** A build that is held in a step until it is let go; that attempt then ends as `end` says. */
async function buildUntil(name: string, step: Step, end: () => ReturnType<typeof failureOf> | undefined, more: object = {}) {
  const gate = createGate();
  const meter = injectFault(name, step, {
    hold: (call) => (call === 1 ? gate.opened : undefined),
    late: (call) => (call === 1 ? end() : undefined),
    answer: RAN_WELL,
  });
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada', ...more });
  await untilCalled(meter);
  await new Promise((resolve) => setTimeout(resolve, UNTIL_QUIET_MS));
  return { workspace, letGo: gate.open, calls: meter.calls };
}

function handleOf(name: string, runId?: string) {
  return stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`, runId);
}

/** Each step of a build, a stop, and a purge with every kind of fault, on a real server. */
import type { WorkspaceHandle } from '../../../src/client';
import { letHooksLeak } from '../../support/canary/leaking-hooks';
import { until } from '../../support/until';
import { BAD_HOOKS, ENDINGS, FAULT_POINTS, FINAL, LATE, TEMPORARY } from '../../support/workflows/failure-table';
import {
  BUILT,
  enableFaultInjection,
  failureOf,
  HAND_OVER_AFTER_EVENTS,
  homesOf,
  injectFault,
  liveThrough,
  pathOf,
  podsOf,
  RAN_WELL,
  STEPS,
  untilCalled,
} from '../../support/workflows/fault-injection';
import { createGate, type Stack, startStack, taskFailures, untilState } from '../../support/workflows/temporal-env';

/** What a busy machine may add to a moment. */
const SLACK_MS = 20_000;

let stack: Stack;
let findLeaks: () => Promise<string[]>;
// Not in a hook, since tests that run side by side begin before hooks have ended.
const ready = startStack('dev', { withSecrets: true }).then(async (started) => {
  stack = started;
  enableFaultInjection(stack);
  findLeaks = await letHooksLeak(stack, 'ada');
  await stack.client.organization('hurried').create();
  await stack.client.organization('hurried').setPolicy({ build: { deadline: '12s', hookTimeout: '1s' } });
  return stack;
});
beforeAll(() => ready);
afterAll(() => stack?.close());

test.concurrent.each(FINAL)(
  'A final fault of %s (%s) fails the build: what it made is removed, the home stays, state error, and a start works.',
  async (step, type) => {
    const workspace = await create(`final-${step}-${type.toLowerCase()}`);
    const { id } = await untilState(workspace, 'running');
    const meter = injectFault(workspace.name, step, { late: (call) => (call === 1 ? failureOf(type) : undefined) });
    await workspace.rebuild();
    const build = await workspace.waitForBuild(2);
    expect(build.failure).toMatchObject({ type, step });
    expect(build.steps.find(({ state }) => state === 'failed')?.name).toBe(step);
    expect(await pathOf(workspace, 2)).toEqual(['running→building manual-rebuild', 'building→error build-failed']);
    expect([await podsOf(stack, id), await homesOf(stack, id)]).toEqual([[], 1]);
    expect(meter.calls()).toBe(1);
    expect(await workspace.start()).toMatchObject({ outcome: 'accepted', build: 3 });
    await untilState(workspace, 'running');
    expect(await podsOf(stack, id)).toEqual([3]);
  },
);

test.concurrent.each(TEMPORARY)(
  'A temporary fault of %s (%s) is retried: it fails twice, then succeeds.',
  async (point, type) => {
    const name = `twice-${point}-${type.toLowerCase()}`;
    const meter = injectFault(name, point, { fail: (call) => (call <= 2 ? failureOf(type) : undefined) });
    await liveThrough(await ready, name, point);
    expect(meter.calls()).toBe(3);
  },
);

test.concurrent.each(FAULT_POINTS)('After a lost result %s runs twice and does no harm.', async (point) => {
  const name = `lost-answer-${point}`;
  const meter = injectFault(name, point, { late: (call) => (call === 1 ? failureOf('RuntimeUnavailable') : undefined) });
  await liveThrough(await ready, name, point);
  expect(meter.calls()).toBe(2);
});

test.concurrent.each(STEPS.flatMap((step) => ENDINGS.map(([ending, request, path]) => ({ step, ending, request, path }))))(
  'A $ending while $step runs ends the build, cleans up after it, and only then acts.',
  async ({ step, ending, request, path }) => {
    const name = `${ending.replace(' ', '-').toLowerCase()}-${step}`;
    const gate = createGate();
    const meter = injectFault(name, step, { hold: (call) => (call === 1 ? gate.opened : undefined) });
    const workspace = await create(name);
    await untilCalled(meter);
    await request(workspace);
    // A query cannot be cancelled: it is answered, and the build ends nevertheless.
    if (step === 'admit') gate.open();
    await until('all is cleaned up', async () => (await pathOf(workspace)).length === 1 + path.length);
    expect(await pathOf(workspace, 1)).toEqual(path);
    const build = await workspace.build(1);
    expect([build.steps.at(-1)?.state, build.endedAt, build.failure]).toEqual(['cancelled', expect.any(String), null]);
    const { id, state } = await workspace.status();
    expect(await podsOf(stack, id)).toEqual(state === 'running' ? [2] : []);
    gate.open();
  },
);

test.concurrent.each(FAULT_POINTS)('A new run takes over in the middle of %s and continues it.', async (point) => {
  const name = `taken-over-${point}`;
  const gate = createGate();
  const meter = injectFault(name, point, { hold: () => gate.opened });
  const handle = (await ready).client.temporal.workflow.getHandle(`workspace/ada/${name}`);
  let firstRun = '';
  await liveThrough(stack, name, point, async (workspace) => {
    await untilCalled(meter);
    firstRun = (await handle.describe()).runId;
    for (let ping = 0; ping < 20; ping += 1) await workspace.ping();
    // An activity that cannot be cancelled ends first, and the new run continues after it; so this one has to be full by then.
    if (point === 'admit' || point === 'purge') {
      await until('the run is full', async () => {
        await workspace.ping();
        return (await handle.describe()).historyLength > HAND_OVER_AFTER_EVENTS;
      });
      return gate.open();
    }
    await until('another run takes over', async () => {
      await workspace.ping();
      return (await handle.describe()).runId !== firstRun;
    });
    await untilCalled(meter, 2);
    gate.open();
  });
  // A purge is so near the end that it may be over before another run can begin.
  if (point !== 'purge') expect((await handle.describe()).runId).not.toBe(firstRun);
});

test.concurrent.each(['inject-secrets', 'configure', 'personalize'] as const)(
  'After a pod loss in the middle of %s the build goes back to start-pod and finishes.',
  async (step) => {
    const name = `pod-lost-in-${step}`;
    const starts = injectFault(name, 'start-pod');
    const meter = injectFault(name, step, { hold: (call) => (call === 1 ? createGate().opened : undefined) });
    const workspace = await create(name);
    await untilCalled(meter);
    const { id } = await workspace.status();
    stack.runtime.losePod({ id, organization: 'default', build: 1 }, { reason: 'it was evicted' });
    const build = await workspace.waitForBuild(1);
    expect(starts.calls()).toBe(2);
    expect(build.warnings).toEqual([expect.stringMatching(/lost/)]);
    expect(await pathOf(workspace)).toEqual(BUILT);
    expect(await podsOf(stack, id)).toEqual([1]);
  },
);

test.concurrent.each(LATE)(
  'One deadline for the build: a runtime %s at %s ends it at that moment.',
  async (kind, point, fault, why) => {
    const name = `late-${kind}`;
    // Uses up some two and a half seconds of the deadline, pauses included.
    injectFault(name, 'prepare-home', { fail: (call) => (call <= 2 ? failureOf('RuntimeUnavailable') : undefined) });
    injectFault(name, point, fault);
    const workspace = await create(name, { organization: 'hurried' });
    const build = await workspace.waitForBuild(1);
    expect(build.failure).toMatchObject({ type: 'BuildTimedOut', step: point, message: expect.stringMatching(why) });
    expect(build.failure?.message).toContain("the build's deadline of 12s passed");
    const tookMs = Date.parse(build.endedAt ?? '') - Date.parse(build.startedAt);
    expect(tookMs).toBeGreaterThan(11_900);
    expect(tookMs).toBeLessThan(12_000 + SLACK_MS);
    expect(await pathOf(workspace, 1)).toEqual(['building→error build-failed']);
  },
);

test.concurrent.each(BAD_HOOKS)(
  'A hook that %s gives a running workspace with a warning, and the later step runs.',
  async (kind, answer, warning) => {
    const name = `hook-${kind.replaceAll(' ', '-')}`;
    const type = kind === 'fails finally' ? 'NotAllowed' : 'RuntimeUnavailable';
    injectFault(name, 'configure', answer === '' ? { fail: () => failureOf(type) } : { answer });
    const later = injectFault(name, 'personalize', { answer: RAN_WELL });
    const workspace = await create(name, type === 'RuntimeUnavailable' && answer === '' ? { organization: 'hurried' } : {});
    const build = await workspace.waitForBuild(1);
    expect(build.steps.slice(-2).map(({ state }) => state)).toEqual(['warning', 'done']);
    expect(build.warnings).toEqual([expect.stringMatching(warning)]);
    expect([later.calls(), build.failure]).toEqual([1, null]);
    expect(await pathOf(workspace)).toEqual(BUILT);
  },
);

test.concurrent('A build is superseded by one with a number above the newest build in the runtime.', async () => {
  const stale = failureOf('StaleBuild', { found: 7 });
  injectFault('stale', 'start-pod', { fail: (call) => (call === 1 ? stale : undefined) });
  const workspace = await create('stale');
  const { id } = await untilState(workspace, 'running');
  expect(await podsOf(stack, id)).toEqual([8]);
  expect((await pathOf(workspace)).slice(1, 2)).toEqual(['building→off build-cancelled']);
});

test.concurrent('A missing home fails the build and makes nothing new.', async () => {
  const workspace = await create('homeless');
  const { id } = await untilState(workspace, 'running');
  await workspace.stop();
  await untilState(workspace, 'off');
  stack.runtime.loseHome(id);
  const starts = injectFault('homeless', 'start-pod');
  await workspace.start();
  expect((await workspace.waitForBuild(2)).failure).toMatchObject({ type: 'HomeMissing', step: 'prepare-home' });
  expect([starts.calls(), await podsOf(stack, id), await homesOf(stack, id)]).toEqual([0, [], 1]);
});

test.concurrent("An unknown volume in the home's place stays when the workspace is purged.", async () => {
  const meter = injectFault('unknown-volume', 'purge', { fail: () => failureOf('HomeMissing') });
  const workspace = await create('unknown-volume');
  const { id } = await untilState(workspace, 'running');
  await workspace.delete({ purge: true });
  await stack.client.temporal.workflow.getHandle('workspace/ada/unknown-volume').result();
  expect([meter.calls(), await homesOf(stack, id)]).toEqual([1, 1]);
});

// Not beside others: all workers end here.
test.each(FAULT_POINTS)('After a worker dies in the middle of %s another worker continues it.', async (point) => {
  const name = `worker-lost-${point}`;
  const gate = createGate();
  // Without a worker the query of `admit` gets no answer, so it fails as it does without a server.
  const isCut = point === 'admit';
  const cut = gate.opened.then(() => {
    if (isCut) throw failureOf('RuntimeUnavailable');
  });
  const meter = injectFault(name, point, { hold: (call) => (call === 1 ? cut : undefined) });
  await liveThrough(stack, name, point, async () => {
    await untilCalled(meter);
    const stopped = stack.stopWorkers();
    // These two cannot be cancelled; the others are interrupted in the middle.
    if (isCut || point === 'purge') gate.open();
    await stopped;
    gate.open();
    await stack.startWorkers();
  });
});

test('No workflow task failed, except through the server itself.', async () => {
  const failures: string[] = [];
  for await (const { workflowId } of stack.client.temporal.workflow.list({ query: "WorkflowType='workspace'" })) {
    failures.push(...(await taskFailures(stack, workflowId)));
  }
  expect(failures.filter((failure) => !/UnhandledCommand|ForceCloseCommand/.test(failure))).toEqual([]);
});

test('Although every hook printed what its pod was given, no history and no description has any of it.', async () => {
  expect(stack.secrets?.given.length).toBeGreaterThan(20);
  expect(await findLeaks()).toEqual([]);
});

async function create(name: string, more: object = {}): Promise<WorkspaceHandle> {
  await ready;
  return stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada', ...more });
}

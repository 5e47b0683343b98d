/** Each step of a build, a stop, and a purge, each in every kind of trouble, on a real server. */
import type { WorkspaceHandle } from '../../src/client';
import type { FailureType } from '../../src/runtimes/failure-types';
import { createGate, type Stack, startStack, taskFailures, until, untilState } from './stack';
import { disturb, failureOf, openToTrouble, type Place, RAN_WELL, untilCalled } from './trouble';

type Step = Exclude<Place, 'stop' | 'purge'>;
const STEPS: Step[] = ['admit', 'prepare-home', 'start-pod', 'configure', 'personalize'];
const PLACES: Place[] = [...STEPS, 'stop', 'purge'];
const BUILT = ['off→building created', 'building→running build-finished'];
const HURRIED = { deadline: '4s', hookTimeout: '1s' };
/** What a busy machine may add to a moment. */
const SLACK_MS = 4_000;

let stack: Stack;
const ready = startStack('dev').then(async (started) => {
  stack = started;
  openToTrouble(stack);
  await stack.client.organization('hurried').create();
  await stack.client.organization('hurried').setPolicy({ build: HURRIED });
});
beforeAll(() => ready);
afterAll(() => stack?.close());

const FINAL: [Step, FailureType][] = [
  ['admit', 'NotFound'],
  ['prepare-home', 'HomeMissing'],
  ['prepare-home', 'NotAllowed'],
  ['start-pod', 'ImageNotFound'],
  ['start-pod', 'ImageInvalid'],
  ['start-pod', 'HomeMissing'],
];
test.concurrent.each(FINAL)(
  'A final fault of %s (%s) fails the build: what it made is removed, the home stays, state error, and a start works.',
  async (step, type) => {
    const workspace = await create(`final-${step}-${type.toLowerCase()}`);
    const { id } = await untilState(workspace, 'running');
    const meter = disturb(workspace.name, step, { late: (call) => (call === 1 ? failureOf(type) : undefined) });
    await workspace.rebuild();
    const build = await workspace.waitForBuild(2);
    expect(build.failure).toMatchObject({ type, step });
    expect(build.steps.find(({ state }) => state === 'failed')?.name).toBe(step);
    expect(await pathOf(workspace, 2)).toEqual(['running→building manual-rebuild', 'building→error build-failed']);
    expect([await podsOf(id), await homesOf(id)]).toEqual([[], 1]);
    expect(meter.calls()).toBe(1);
    expect(await workspace.start()).toMatchObject({ outcome: 'accepted', build: 3 });
    await untilState(workspace, 'running');
    expect(await podsOf(id)).toEqual([3]);
  },
);

const TEMPORARY: [Place, FailureType][] = PLACES.map((place, index) => [
  place,
  (['RuntimeUnavailable', 'NoCapacity', 'HomeBusy'] as const)[place === 'admit' ? 0 : index % 3] ?? 'RuntimeUnavailable',
]);
test.concurrent.each(TEMPORARY)(
  'A temporary fault of %s (%s) is retried: it fails twice, then succeeds.',
  async (place, type) => {
    const name = `twice-${place}`;
    const meter = disturb(name, place, { fail: (call) => (call <= 2 ? failureOf(type) : undefined) });
    await liveThrough(name, place);
    expect(meter.calls()).toBe(3);
  },
);

test.concurrent.each(PLACES)('The answer of %s is lost: it runs twice and does no harm.', async (place) => {
  const name = `lost-answer-${place}`;
  const meter = disturb(name, place, { late: (call) => (call === 1 ? failureOf('RuntimeUnavailable') : undefined) });
  await liveThrough(name, place);
  expect(meter.calls()).toBe(2);
});

const ENDINGS: [string, (workspace: WorkspaceHandle) => Promise<unknown>, string[]][] = [
  ['cancelBuild', (it) => it.cancelBuild(), ['building→turning-off build-cancelled', 'turning-off→off build-cancelled']],
  ['stop', (it) => it.stop(), ['building→turning-off manual-stop', 'turning-off→off manual-stop']],
  ['delete', (it) => it.delete(), ['building→turning-off delete', 'turning-off→deleted delete']],
  [
    'newer rebuild',
    (it) => it.rebuild({ image: 'starter:2' }),
    ['building→off build-cancelled', 'off→building manual-rebuild', 'building→running build-finished'],
  ],
];
test.concurrent.each(STEPS.flatMap((step) => ENDINGS.map(([ending, request, path]) => ({ step, ending, request, path }))))(
  'A $ending while $step runs ends the build, cleans up after it, and only then acts.',
  async ({ step, ending, request, path }) => {
    const name = `${ending.replace(' ', '-').toLowerCase()}-${step}`;
    const gate = createGate();
    const meter = disturb(name, step, { hold: (call) => (call === 1 ? gate.opened : undefined) });
    const workspace = await create(name);
    await untilCalled(meter);
    await request(workspace);
    // A query cannot be called back: it is answered, and the build ends all the same.
    if (step === 'admit') gate.open();
    await until('all is cleaned up', async () => (await pathOf(workspace)).length === 1 + path.length);
    expect(await pathOf(workspace, 1)).toEqual(path);
    const build = await workspace.build(1);
    expect(build.steps.at(-1)?.state).toBe('cancelled');
    expect(build).toMatchObject({ endedAt: expect.any(String), failure: null });
    const { id, state } = await workspace.status();
    expect(await podsOf(id)).toEqual(state === 'running' ? [2] : []);
    gate.open();
  },
);

test.concurrent.each(PLACES)('A new run takes over in the middle of %s, and it goes on there.', async (place) => {
  const name = `taken-over-${place}`;
  const gate = createGate();
  const meter = disturb(name, place, { hold: () => gate.opened });
  const handle = stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`);
  let firstRun = '';
  await liveThrough(name, place, async (workspace) => {
    await untilCalled(meter);
    firstRun = (await handle.describe()).runId;
    const isTakenOver = async () => (await handle.describe()).runId !== firstRun;
    // What cannot be called back ends first, and the new run goes on after it.
    const isStubborn = place === 'admit' || place === 'purge';
    for (let ping = 0; ping < (isStubborn ? 20 : 0); ping += 1) await workspace.ping();
    if (!isStubborn) {
      await until('another run takes over', async () => {
        await workspace.ping();
        return isTakenOver();
      });
      await untilCalled(meter, 2);
    }
    gate.open();
  });
  expect((await handle.describe()).runId === firstRun).toBe(place === 'purge');
});

test.concurrent.each(['configure', 'personalize'] as const)(
  'The pod is lost in the middle of %s: the build goes back to start-pod and ends well.',
  async (step) => {
    const name = `pod-lost-in-${step}`;
    const starts = disturb(name, 'start-pod');
    const meter = disturb(name, step, { hold: (call) => (call === 1 ? createGate().opened : undefined) });
    const workspace = await create(name);
    await untilCalled(meter);
    const { id } = await workspace.status();
    stack.runtime.losePod({ id, build: 1 }, { reason: 'it was evicted' });
    const build = await workspace.waitForBuild(1);
    expect(starts.calls()).toBe(2);
    expect(build.warnings).toEqual([expect.stringMatching(/lost/)]);
    expect(await pathOf(workspace)).toEqual(BUILT);
    expect(await podsOf(id)).toEqual([1]);
  },
);

const LATE: [string, Parameters<typeof disturb>[1], Parameters<typeof disturb>[2], RegExp][] = [
  ['unavailable', 'start-pod', { fail: () => failureOf('RuntimeUnavailable') }, /another attempt after RuntimeUnavailable/],
  ['held-up', 'start-pod', { hold: () => createGate().opened }, /what holds startPod up/],
];
test.concurrent.each(LATE)('One deadline for the build: a runtime %s at %s ends it at that moment.', async (...row) => {
  const [kind, place, trouble, why] = row;
  const name = `late-${kind}`;
  // Uses up some two and a half seconds of the deadline, pauses included.
  disturb(name, 'prepare-home', { fail: (call) => (call <= 2 ? failureOf('RuntimeUnavailable') : undefined) });
  disturb(name, place, trouble);
  const workspace = await create(name, { organization: 'hurried' });
  const build = await workspace.waitForBuild(1);
  expect(build.failure).toMatchObject({ type: 'BuildTimedOut', step: place, message: expect.stringMatching(why) });
  expect(build.failure?.message).toContain("the build's deadline of 4s passed");
  const tookMs = Date.parse(build.endedAt ?? '') - Date.parse(build.startedAt);
  expect(tookMs).toBeGreaterThan(3_900);
  expect(tookMs).toBeLessThan(4_000 + SLACK_MS);
  expect(await pathOf(workspace, 1)).toEqual(['building→error build-failed']);
});

const BAD_HOOKS: [string, string, RegExp][] = [
  ['fails', 'state ended\nexit 3\nran 5\n', /^configure ended with exit code 3$/],
  ['runs past its time limit', 'state ended\nexit 143\nlimit\nran 100\n', /^configure ran past its time limit of 10m/],
  ['fails finally', '', /configure: NotAllowed/],
  ['is out of reach', '', /configure: the build's deadline/],
];
test.concurrent.each(BAD_HOOKS)(
  'A hook that %s gives a running workspace with a warning, and the later step runs.',
  async (...row) => {
    const [kind, answer, warning] = row;
    const name = `hook-${kind.replaceAll(' ', '-')}`;
    const type = kind === 'fails finally' ? 'NotAllowed' : 'RuntimeUnavailable';
    disturb(name, 'configure', answer === '' ? { fail: () => failureOf(type) } : { answer });
    const later = disturb(name, 'personalize', { answer: RAN_WELL });
    const workspace = await create(name, type === 'RuntimeUnavailable' && answer === '' ? { organization: 'hurried' } : {});
    const build = await workspace.waitForBuild(1);
    expect(build.steps.slice(-2).map(({ state }) => state)).toEqual(['warning', 'done']);
    expect(build.warnings).toEqual([expect.stringMatching(warning)]);
    expect([later.calls(), build.failure]).toEqual([1, null]);
    expect(await pathOf(workspace)).toEqual(BUILT);
  },
);

test.concurrent('A build that the runtime knows a newer one of is superseded by one above it.', async () => {
  const stale = failureOf('StaleBuild', { found: 7 });
  disturb('stale', 'start-pod', { fail: (call) => (call === 1 ? stale : undefined) });
  const workspace = await create('stale');
  const { id } = await untilState(workspace, 'running');
  expect(await podsOf(id)).toEqual([8]);
  expect((await pathOf(workspace)).slice(1, 2)).toEqual(['building→off build-cancelled']);
});

test.concurrent('A missing home fails the build and makes nothing new.', async () => {
  const workspace = await create('homeless');
  const { id } = await untilState(workspace, 'running');
  await workspace.stop();
  await untilState(workspace, 'off');
  stack.runtime.loseHome(id);
  const starts = disturb('homeless', 'start-pod');
  await workspace.start();
  expect((await workspace.waitForBuild(2)).failure).toMatchObject({ type: 'HomeMissing', step: 'prepare-home' });
  expect([starts.calls(), await podsOf(id), await homesOf(id)]).toEqual([0, [], 1]);
});

test.concurrent("A stranger in the home's place stays when the workspace is purged.", async () => {
  const meter = disturb('stranger', 'purge', { fail: () => failureOf('HomeMissing') });
  const workspace = await create('stranger');
  const { id } = await untilState(workspace, 'running');
  await workspace.delete({ purge: true });
  await stack.client.temporal.workflow.getHandle('workspace/ada/stranger').result();
  expect([meter.calls(), await homesOf(id)]).toEqual([1, 1]);
});

// Not beside others: all workers end here.
test.each(PLACES)('The worker dies in the middle of %s; another one goes on with it.', async (place) => {
  const name = `worker-lost-${place}`;
  const gate = createGate();
  // Nobody is left to answer the query of `admit`, so it fails as it does when the server goes.
  const isCut = place === 'admit';
  const cut = gate.opened.then(() => {
    if (isCut) throw failureOf('RuntimeUnavailable');
  });
  const meter = disturb(name, place, { hold: (call) => (call === 1 ? cut : undefined) });
  await liveThrough(name, place, async () => {
    await untilCalled(meter);
    const stopped = stack.stopWorkers();
    // These two cannot be called back; the others are cut off in the middle.
    if (isCut || place === 'purge') gate.open();
    await stopped;
    gate.open();
    await stack.startWorkers();
  });
});

test('No workflow task failed but for what the server itself causes.', async () => {
  const failures: string[] = [];
  for await (const { workflowId } of stack.client.temporal.workflow.list({ query: "WorkflowType='workspace'" })) {
    failures.push(...(await taskFailures(stack, workflowId)));
  }
  expect(failures.filter((failure) => !/UnhandledCommand|ForceCloseCommand/.test(failure))).toEqual([]);
});

/** A build, a stop, and a purge, at one place of which something happens; checks that all of it comes out as if nothing had. */
async function liveThrough(name: string, place: Place, meanwhile?: (workspace: WorkspaceHandle) => Promise<void>): Promise<void> {
  const workspace = await create(name, { continueAsNewAfterEvents: name.startsWith('taken-over') ? 80 : undefined });
  const during = (STEPS as Place[]).includes(place) ? 'build' : place;
  if (during === 'build') await meanwhile?.(workspace);
  const { id, build } = await untilState(workspace, 'running');
  expect(build?.steps.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'skipped', 'done', 'done']);
  expect([build?.number, await podsOf(id), await homesOf(id)]).toEqual([1, [1], 1]);
  if (during === 'build') return expect(await pathOf(workspace)).toEqual(BUILT);
  await workspace.stop();
  if (during === 'stop') await meanwhile?.(workspace);
  await untilState(workspace, 'off');
  expect(await pathOf(workspace, 2)).toEqual(['running→turning-off manual-stop', 'turning-off→off manual-stop']);
  expect([await podsOf(id), await homesOf(id)]).toEqual([[], 1]);
  if (during === 'stop') return;
  await workspace.delete({ purge: true });
  await meanwhile?.(workspace);
  expect(await stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`).result()).toMatchObject({ state: 'purged' });
  expect(await homesOf(id)).toBe(0);
}

async function create(name: string, more: object = {}): Promise<WorkspaceHandle> {
  await ready;
  return stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada', ...more });
}

async function pathOf(workspace: WorkspaceHandle, from = 0): Promise<string[]> {
  const { history } = await workspace.explain();
  return history.slice(from).map((entry) => `${entry.from}→${entry.to} ${entry.cause}`);
}

async function podsOf(id: string): Promise<number[]> {
  return (await stack.runtime.listPods()).filter((pod) => pod.id === id).map(({ build }) => build);
}

async function homesOf(id: string): Promise<number> {
  return (await stack.runtime.listHomes()).filter((home) => home.id === id).length;
}

/** The watch: what it tells, what it removes, and above all what it leaves alone. */
import { RuntimeFailure } from '../../../src/runtimes/failure';
import type { MemoryOptions } from '../../../src/runtimes/memory';
import { activityWorld, HOME, type KnownWorkflow, podOf } from '../../support/fake-client';

const POD = { id: 'w1', organization: 'default', build: 1 };
const WORKSPACE = 'workspace/ada/dev';
const OTHER = 'workspace/ada/other';
const patiently = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });
const ENDED = { number: 1, endedAt: '2026-11-25T05:06:39.000Z' };
/** A full round comes every 30 ms; so many rounds of 1 ms see two of them after whatever happened. */
const TWO_FULL_ROUNDS = 75;
const FOR_EVER = 3_600_000;
const CLOSED = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];
/** What is not certainly closed, a status that only a newer server knows among it. */
const OPEN = ['PAUSED', 'UNKNOWN', 'UNSPECIFIED', 'CONTINUED_AS_NEW'];

interface Scene {
  workspace?: KnownWorkflow;
  options?: MemoryOptions;
  /** Done before the watch begins. */
  before?: (world: World) => unknown;
  /** Done at the end of each round. */
  during?: (world: World, round: number) => void;
  rounds?: number;
  fullMs?: number;
}
type World = ReturnType<typeof activityWorld>;

/** A pod of build 1 and a workspace, watched for some rounds. */
async function watched({ workspace, options, before, during, rounds = TWO_FULL_ROUNDS, fullMs = 30 }: Scene): Promise<World> {
  const world = activityWorld(options, { watchIntervalMs: 1, watchFullIntervalMs: fullMs });
  const { identity } = await world.runtime.prepareHome(HOME, patiently());
  await world.runtime.startPod(podOf(identity), patiently());
  if (workspace) world.workflows.set(WORKSPACE, workspace);
  await before?.(world);
  world.environment.on('heartbeat', (beat) => isEnd(beat) && during?.(world, roundsOf(world)));
  await watch(world, rounds);
  return world;
}

async function watch(world: World, rounds: number): Promise<void> {
  const { environment, run, activities } = world;
  const enough = new Promise<void>((resolve) => environment.on('heartbeat', () => roundsOf(world) >= rounds && resolve()));
  const watching = run(activities.watch, { runtime: 'memory' });
  await enough;
  environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
}

const isEnd = ({ waitingFor }: { waitingFor: string }) => waitingFor.startsWith('the next round');
const roundsOf = ({ beats }: World) => beats.filter(isEnd).length;

/** As a workspace does that is told of a lost pod. */
function buildWhenTold({ signals, workflows }: World): void {
  if (signals.length > 0) workflows.set(WORKSPACE, { id: 'w1', state: 'building' });
}

function startAgainAndLose(world: World, round: number): void {
  const { runtime } = world;
  buildWhenTold(world);
  if (round === 10) void runtime.startPod(podOf('home-1'), patiently());
  if (round === 20) runtime.losePod(POD);
}

/** Another workspace, whose pod is lost. */
async function loseOther({ runtime, workflows }: World, name = 'other'): Promise<void> {
  workflows.set(`workspace/ada/${name}`, { id: name, state: 'building' });
  const { identity } = await runtime.prepareHome({ ...HOME, id: name, name }, patiently());
  await runtime.startPod(podOf(identity, { id: name, name }), patiently());
  runtime.losePod({ ...POD, id: name });
}

const refused = () => new RuntimeFailure('NotAllowed', 'the role is gone');

const podsOf = async ({ runtime }: World) => (await runtime.listPods()).map(({ build }) => build);

afterEach(() => jest.restoreAllMocks());

test('A workspace whose pod runs is told nothing.', async () => {
  const world = await watched({ workspace: { id: 'w1' } });
  expect([world.signals, await podsOf(world)]).toEqual([[], [1]]);
  expect(world.beats.find(isEnd)?.waitingFor).toBe('the next round; 1 pods are listed');
});

test.each([true, false])('A pod that ended is told once, with its reason, and with counted: %s.', async (counted) => {
  const world = await watched({
    workspace: { id: 'w1' },
    before: ({ runtime }) => runtime.losePod(POD, { reason: 'it was evicted', counted }),
    during: buildWhenTold,
  });
  const input = { build: 1, reason: 'it was evicted', counted };
  expect(world.signals).toEqual([{ workflowId: WORKSPACE, name: 'podLost', input }]);
  expect(await podsOf(world)).toEqual([1]);
});

test('A pod that was lost, started again by its build, and lost again is told again.', async () => {
  const world = await watched({
    workspace: { id: 'w1' },
    before: ({ runtime }) => runtime.losePod(POD),
    during: startAgainAndLose,
  });
  expect(world.signals.map(({ name }) => name)).toEqual(['podLost', 'podLost']);
});

test('A pod whose loss was told while its workspace, still building, could not heed it is told again once that runs.', async () => {
  const world = await watched({
    workspace: { id: 'w1', state: 'building' },
    before: ({ runtime }) => runtime.losePod(POD, { reason: 'it was evicted' }),
    during: ({ workflows }, round) => void (round === 5 && workflows.set(WORKSPACE, { id: 'w1', state: 'running' })),
  });
  const told = { workflowId: WORKSPACE, name: 'podLost', input: { build: 1, reason: 'it was evicted', counted: true } };
  expect(world.signals.slice(0, 2)).toEqual([told, told]);
});

test('A pod that is gone without a trace is told only after it was missed twice.', async () => {
  const remove = ({ runtime }: World) => void runtime.stopPod(POD, patiently());
  const once = await watched({ workspace: { id: 'w1' }, before: remove, rounds: 5, fullMs: FOR_EVER });
  expect(once.signals).toEqual([]);
  const twice = await watched({ workspace: { id: 'w1' }, before: remove });
  expect(twice.signals[0]).toMatchObject({ name: 'podLost', input: { build: 1, counted: true } });
});

test('A pod of a newer build than its workspace knows is told with the number found, once.', async () => {
  const world = await watched({
    workspace: { id: 'w1', build: 1 },
    before: ({ runtime }) => void runtime.startPod(podOf('home-1', { build: 4 }), patiently()),
  });
  const input = { build: 1, found: 4, reason: 'build 4 runs', counted: false };
  expect(world.signals).toEqual([{ workflowId: WORKSPACE, name: 'podLost', input }]);
});

test.each<[string, KnownWorkflow | undefined]>([
  ['was never heard of', undefined],
  ...CLOSED.map((status): [string, KnownWorkflow] => [`is ${status}`, { status, id: 'w1' }]),
  ['has another home by now', { id: 'w2', isUnlisted: true }],
  ['was made again, with another home,', { id: 'w2' }],
  ['was made again, with another home, and builds', { id: 'w2', state: 'building', build: 0 }],
])('The pod of a workspace that %s is removed, and its home stays.', async (_, workspace) => {
  const world = await watched(workspace ? { workspace } : {});
  expect([await podsOf(world), await world.runtime.listHomes()]).toEqual([[], [expect.objectContaining({ id: 'w1' })]]);
});

test('The organization of a pod that was removed is told that its workspace has ended, and that the home is there.', async () => {
  const world = await watched({
    before: async ({ workflows }) => {
      workflows.set('organization/default', {});
    },
  });
  const input = { workspace: WORKSPACE, id: 'w1', home: true };
  expect(world.signals).toEqual([{ workflowId: 'organization/default', name: 'workspaceEnded', input }]);
});

test.each<[string, KnownWorkflow]>([
  ['is missing in the list and runs', { id: 'w1', isUnlisted: true }],
  ['has told nobody its id yet', { isUnlisted: true }],
  ...OPEN.map((status): [string, KnownWorkflow] => [`is ${status}`, { status, id: 'w1' }]),
  ['is listed and runs', { id: 'w1' }],
])('The pod of a workspace that %s is left alone.', async (_, workspace) => {
  const world = await watched({ workspace });
  expect([await podsOf(world), world.runtime.calls.includes('stopPod')]).toEqual([[1], false]);
});

test('A workspace that cannot be described is unknown: its pod stays, and the others are watched on.', async () => {
  const world = await watched({
    workspace: { isUnlisted: true, describeFails: new Error('14 UNAVAILABLE') },
    before: (world) => loseOther(world),
  });
  expect(await podsOf(world)).toContain(1);
  expect(world.signals).toContainEqual(expect.objectContaining({ workflowId: OTHER, name: 'podLost' }));
});

test('A workspace of which the runtime cannot say how it is keeps no other from being told.', async () => {
  const world = await watched({
    workspace: { id: 'w0' },
    options: { fail: (verb, call) => (verb === 'observe' && call % 2 === 1 ? refused() : undefined) },
    before: async ({ runtime, workflows }) => {
      await runtime.stopPod(POD, patiently());
      workflows.set(OTHER, { id: 'w2' });
    },
  });
  expect(new Set(world.signals.map(({ workflowId }) => workflowId))).toEqual(new Set([OTHER]));
});

test('A pod that belongs to nobody and does not end holds nothing up.', async () => {
  const inFact = AbortSignal.timeout;
  const timeout = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => inFact(5));
  const world = await watched({
    options: { hold: (verb) => (verb === 'stopPod' ? new Promise(() => {}) : undefined) },
    before: (world) => loseOther(world),
  });
  expect(world.signals).toHaveLength(1);
  expect(world.runtime.calls.filter((verb) => verb === 'stopPod').length).toBeGreaterThan(1);
  expect(new Set(timeout.mock.calls.flat())).toEqual(new Set([5_000]));
});

test('While it tells many losses the watch goes on saying that it lives.', async () => {
  const world = await watched({
    rounds: 1,
    before: (world) => Promise.all(Array.from({ length: 50 }, (_, number) => loseOther(world, `many${number}`))),
  });
  const telling = world.beats.filter(({ waitingFor }) => waitingFor.startsWith('lost pods'));
  expect(telling.map(({ waitingFor }) => waitingFor)).toEqual([0, 20, 40].map((first) => `lost pods: ${first} of 50 are done`));
  expect(world.signals).toHaveLength(50);
});

test('Whatever it fails with, the watch is tried again after a pause.', async () => {
  const world = activityWorld({ fail: (verb) => (verb === 'listPods' ? refused() : undefined) });
  const watching = world.run(world.activities.watch, { runtime: 'memory' });
  await expect(watching).rejects.toMatchObject({ type: 'NotAllowed', nonRetryable: false });
});

const says = (state: string, build: object | null = ENDED) => ({ id: 'w1', state, build });

test.each(['off', 'error', 'deleted'])('A pod that still runs although its workspace is %s is removed.', async (state) => {
  const world = await watched({ workspace: { id: 'w1', state, answer: says(state) } });
  expect([await podsOf(world), await world.runtime.listHomes()]).toEqual([[], [expect.objectContaining({ id: 'w1' })]]);
});

test.each<[string, KnownWorkflow]>([
  ['runs', { answer: says('running') }],
  ['builds', { answer: says('building', { number: 1, endedAt: null }) }],
  ['comes down by itself', { answer: says('turning-off') }],
  ['is off, with a build under way', { answer: says('off', { number: 1, endedAt: null }) }],
  ['is off, and has made no build', { answer: says('off', null) }],
  ['is off, and was set back before this build', { answer: says('off', { ...ENDED, number: 0 }) }],
  ['is another by now', { answer: { ...says('off'), id: 'w2' } }],
  ['cannot be described', { answer: says('off'), describeFails: new Error('14 UNAVAILABLE') }],
  ['does not answer', { answer: new Error('no worker answers') }],
])('A pod stays where the list says that its workspace is off, and that one %s.', async (_, known) => {
  const world = await watched({ workspace: { id: 'w1', state: 'off', ...known } });
  expect([await podsOf(world), world.runtime.calls.includes('stopPod')]).toEqual([[1], false]);
});

test('A pod of a workspace that was seen to be off once stays.', async () => {
  const world = await watched({ workspace: { id: 'w1', state: 'off', answer: says('off') }, rounds: 5, fullMs: FOR_EVER });
  expect(await podsOf(world)).toEqual([1]);
});

test("A pod whose label names another's workspace is neither told of nor touched while that one's own state is unknown.", async () => {
  const world = await watched({ workspace: { isUnlisted: true }, before: ({ runtime }) => runtime.losePod(POD) });
  expect([world.signals, await podsOf(world)]).toEqual([[], [1]]);
});

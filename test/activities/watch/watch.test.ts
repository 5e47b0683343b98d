/** The watch: what it reports, what it removes, and what it leaves unchanged. */
import { RuntimeFailure } from '../../../src/runtimes/failure';
import type { MemoryOptions } from '../../../src/runtimes/memory';
import { activityContext, HOME, type KnownWorkflow, podOf } from '../../support/fake-client';

const POD = { id: 'w1', organization: 'default', build: 1 };
const WORKSPACE = 'workspace/ada/dev';
const OTHER = 'workspace/ada/other';
const progress = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });
const ENDED = { number: 1, endedAt: '2026-11-25T05:06:39.000Z' };
/** A full round comes every 30 ms, so this many rounds of 1 ms include two full ones after any event. */
const TWO_FULL_ROUNDS = 75;
const ONE_HOUR_MS = 3_600_000;
const CLOSED = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];
/** Statuses that do not prove an end, among them one of newer servers only. */
const OPEN = ['PAUSED', 'UNKNOWN', 'UNSPECIFIED', 'CONTINUED_AS_NEW'];

interface WatchScenario {
  workspace?: KnownWorkflow;
  options?: MemoryOptions;
  /** Called before the watch begins. */
  before?: (context: ActivityContext) => unknown;
  /** Called at the end of each round. */
  during?: (context: ActivityContext, round: number) => void;
  rounds?: number;
  fullMs?: number;
}
type ActivityContext = ReturnType<typeof activityContext>;

/** A pod of build 1 and a workspace, watched for some rounds. */
async function watched({
  workspace,
  options,
  before,
  during,
  rounds = TWO_FULL_ROUNDS,
  fullMs = 30,
}: WatchScenario): Promise<ActivityContext> {
  const context = activityContext(options, { watchIntervalMs: 1, watchFullIntervalMs: fullMs });
  const { identity } = await context.runtime.prepareHome(HOME, progress());
  await context.runtime.startPod(podOf(identity), progress());
  if (workspace) context.workflows.set(WORKSPACE, workspace);
  await before?.(context);
  context.environment.on('heartbeat', (details) => isEnd(details) && during?.(context, roundsOf(context)));
  await watch(context, rounds);
  return context;
}

async function watch(context: ActivityContext, rounds: number): Promise<void> {
  const { environment, run, activities } = context;
  const enough = new Promise<void>((resolve) => environment.on('heartbeat', () => roundsOf(context) >= rounds && resolve()));
  const watching = run(activities.watch, { runtime: 'memory' });
  await enough;
  environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
}

const isEnd = ({ waitingFor }: { waitingFor: string }) => waitingFor.startsWith('the next round');
const roundsOf = ({ heartbeats }: ActivityContext) => heartbeats.filter(isEnd).length;

/** A signalled workspace builds. */
function buildWhenSignalled({ signals, workflows }: ActivityContext): void {
  if (signals.length > 0) workflows.set(WORKSPACE, { id: 'w1', state: 'building' });
}

function startAgainAndLose(context: ActivityContext, round: number): void {
  const { runtime } = context;
  buildWhenSignalled(context);
  if (round === 10) void runtime.startPod(podOf('home-1'), progress());
  if (round === 20) runtime.losePod(POD);
}

/** Another workspace, whose pod is lost. */
async function loseOther({ runtime, workflows }: ActivityContext, name = 'other'): Promise<void> {
  workflows.set(`workspace/ada/${name}`, { id: name, state: 'building' });
  const { identity } = await runtime.prepareHome({ ...HOME, id: name, name }, progress());
  await runtime.startPod(podOf(identity, { id: name, name }), progress());
  runtime.losePod({ ...POD, id: name });
}

const refused = () => new RuntimeFailure('NotAllowed', 'the role is gone');

const podsOf = async ({ runtime }: ActivityContext) => (await runtime.listPods()).map(({ build }) => build);

afterEach(() => jest.restoreAllMocks());

test('A workspace whose pod runs gets no signal.', async () => {
  const context = await watched({ workspace: { id: 'w1' } });
  expect([context.signals, await podsOf(context)]).toEqual([[], [1]]);
  expect(context.heartbeats.find(isEnd)?.waitingFor).toBe('the next round; 1 pods are listed');
});

test.each([true, false])('A pod that ended is reported once, with its reason, and with counted: %s.', async (counted) => {
  const context = await watched({
    workspace: { id: 'w1' },
    before: ({ runtime }) => runtime.losePod(POD, { reason: 'it was evicted', counted }),
    during: buildWhenSignalled,
  });
  const input = { build: 1, reason: 'it was evicted', counted };
  expect(context.signals).toEqual([{ workflowId: WORKSPACE, name: 'podLost', input }]);
  expect(await podsOf(context)).toEqual([1]);
});

test('A pod that was lost, started again by its build, and lost again is reported again.', async () => {
  const context = await watched({
    workspace: { id: 'w1' },
    before: ({ runtime }) => runtime.losePod(POD),
    during: startAgainAndLose,
  });
  expect(context.signals.map(({ name }) => name)).toEqual(['podLost', 'podLost']);
});

test('A loss that was reported while the workspace was building is reported again once the workspace runs.', async () => {
  const context = await watched({
    workspace: { id: 'w1', state: 'building' },
    before: ({ runtime }) => runtime.losePod(POD, { reason: 'it was evicted' }),
    during: ({ workflows }, round) => void (round === 5 && workflows.set(WORKSPACE, { id: 'w1', state: 'running' })),
  });
  const signal = { workflowId: WORKSPACE, name: 'podLost', input: { build: 1, reason: 'it was evicted', counted: true } };
  expect(context.signals.slice(0, 2)).toEqual([signal, signal]);
});

test('A pod that is missing without a status is reported after two full rounds.', async () => {
  const remove = ({ runtime }: ActivityContext) => void runtime.stopPod(POD, progress());
  const once = await watched({ workspace: { id: 'w1' }, before: remove, rounds: 5, fullMs: ONE_HOUR_MS });
  expect(once.signals).toEqual([]);
  const twice = await watched({ workspace: { id: 'w1' }, before: remove });
  expect(twice.signals[0]).toMatchObject({ name: 'podLost', input: { build: 1, counted: true } });
});

test('A pod of a newer build than its workspace knows is reported once, with the number found.', async () => {
  const context = await watched({
    workspace: { id: 'w1', build: 1 },
    before: ({ runtime }) => void runtime.startPod(podOf('home-1', { build: 4 }), progress()),
  });
  const input = { build: 1, found: 4, reason: 'build 4 runs', counted: false };
  expect(context.signals).toEqual([{ workflowId: WORKSPACE, name: 'podLost', input }]);
});

test.each<[string, KnownWorkflow | undefined]>([
  ['does not exist', undefined],
  ...CLOSED.map((status): [string, KnownWorkflow] => [`is ${status}`, { status, id: 'w1' }]),
  ['has another home', { id: 'w2', isUnlisted: true }],
  ['was created again, with another home,', { id: 'w2' }],
  ['was created again, with another home, and builds', { id: 'w2', state: 'building', build: 0 }],
])('The pod of a workspace that %s is removed, and its home stays.', async (_, workspace) => {
  const context = await watched(workspace ? { workspace } : {});
  expect([await podsOf(context), await context.runtime.listHomes()]).toEqual([[], [expect.objectContaining({ id: 'w1' })]]);
});

test('The organization of a removed pod gets the end of its workspace, whose home still exists.', async () => {
  const context = await watched({
    before: async ({ workflows }) => {
      workflows.set('organization/default', {});
    },
  });
  const input = { workspace: WORKSPACE, id: 'w1', home: true };
  expect(context.signals).toEqual([{ workflowId: 'organization/default', name: 'workspaceEnded', input }]);
});

test.each<[string, KnownWorkflow]>([
  ['is not listed and runs', { id: 'w1', isUnlisted: true }],
  ['has no id yet', { isUnlisted: true }],
  ...OPEN.map((status): [string, KnownWorkflow] => [`is ${status}`, { status, id: 'w1' }]),
  ['is listed and runs', { id: 'w1' }],
])('The pod of a workspace that %s is left alone.', async (_, workspace) => {
  const context = await watched({ workspace });
  expect([await podsOf(context), context.runtime.calls.includes('stopPod')]).toEqual([[1], false]);
});

test('A workspace that cannot be described is unknown: its pod stays, and the others are watched.', async () => {
  const context = await watched({
    workspace: { isUnlisted: true, describeFails: new Error('14 UNAVAILABLE') },
    before: (context) => loseOther(context),
  });
  expect(await podsOf(context)).toContain(1);
  expect(context.signals).toContainEqual(expect.objectContaining({ workflowId: OTHER, name: 'podLost' }));
});

test('A pod that the runtime cannot observe does not delay the reports to other workspaces.', async () => {
  const context = await watched({
    workspace: { id: 'w0' },
    options: { fail: (verb, call) => (verb === 'observe' && call % 2 === 1 ? refused() : undefined) },
    before: async ({ runtime, workflows }) => {
      await runtime.stopPod(POD, progress());
      workflows.set(OTHER, { id: 'w2' });
    },
  });
  expect(new Set(context.signals.map(({ workflowId }) => workflowId))).toEqual(new Set([OTHER]));
});

test('A pod without a workspace that does not end delays nothing else.', async () => {
  const inFact = AbortSignal.timeout;
  const timeout = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => inFact(5));
  const context = await watched({
    options: { hold: (verb) => (verb === 'stopPod' ? new Promise(() => {}) : undefined) },
    before: (context) => loseOther(context),
  });
  expect(context.signals).toHaveLength(1);
  expect(context.runtime.calls.filter((verb) => verb === 'stopPod').length).toBeGreaterThan(1);
  expect(new Set(timeout.mock.calls.flat())).toEqual(new Set([5_000]));
});

test('The watch sends heartbeats while it reports many losses.', async () => {
  const context = await watched({
    rounds: 1,
    before: (context) => Promise.all(Array.from({ length: 50 }, (_, number) => loseOther(context, `many${number}`))),
  });
  const reporting = context.heartbeats.filter(({ waitingFor }) => waitingFor.startsWith('lost pods'));
  expect(reporting.map(({ waitingFor }) => waitingFor)).toEqual([0, 20, 40].map((first) => `lost pods: ${first} of 50 are done`));
  expect(context.signals).toHaveLength(50);
});

test('The watch is retried after a pause, whatever its failure.', async () => {
  const context = activityContext({ fail: (verb) => (verb === 'listPods' ? refused() : undefined) });
  const watching = context.run(context.activities.watch, { runtime: 'memory' });
  await expect(watching).rejects.toMatchObject({ type: 'NotAllowed', nonRetryable: false });
});

const says = (state: string, build: object | null = ENDED) => ({ id: 'w1', state, build });

test.each(['off', 'error', 'deleted'])('A pod that still runs although its workspace is %s is removed.', async (state) => {
  const context = await watched({ workspace: { id: 'w1', state, answer: says(state) } });
  expect([await podsOf(context), await context.runtime.listHomes()]).toEqual([[], [expect.objectContaining({ id: 'w1' })]]);
});

test.each<[string, KnownWorkflow]>([
  ['runs', { answer: says('running') }],
  ['builds', { answer: says('building', { number: 1, endedAt: null }) }],
  ['is turning off', { answer: says('turning-off') }],
  ['is off, with a current build', { answer: says('off', { number: 1, endedAt: null }) }],
  ['is off, without any build', { answer: says('off', null) }],
  ['is off, and was reset to before this build', { answer: says('off', { ...ENDED, number: 0 }) }],
  ['is another workspace', { answer: { ...says('off'), id: 'w2' } }],
  ['cannot be described', { answer: says('off'), describeFails: new Error('14 UNAVAILABLE') }],
  ['does not answer', { answer: new Error('no worker answers') }],
])('A pod stays where the list says that its workspace is off, and that one %s.', async (_, known) => {
  const context = await watched({ workspace: { id: 'w1', state: 'off', ...known } });
  expect([await podsOf(context), context.runtime.calls.includes('stopPod')]).toEqual([[1], false]);
});

test('A pod of a workspace that was off in one full round only stays.', async () => {
  const context = await watched({ workspace: { id: 'w1', state: 'off', answer: says('off') }, rounds: 5, fullMs: ONE_HOUR_MS });
  expect(await podsOf(context)).toEqual([1]);
});

test('A pod whose labelled workspace is in an unknown state is neither reported nor removed.', async () => {
  const context = await watched({ workspace: { isUnlisted: true }, before: ({ runtime }) => runtime.losePod(POD) });
  expect([context.signals, await podsOf(context)]).toEqual([[], [1]]);
});

/** What the watch keeps from one attempt to the next, and how it lives between rounds that are far apart. */
import type { WatchHeartbeat } from '../../../src/activities/watch/heartbeat';
import { activityWorld, HOME, podOf } from '../../support/fake-client';

const POD = { id: 'w1', organization: 'default', build: 1 };
const WORKSPACE = 'workspace/ada/dev';
const FOR_EVER = 3_600_000;
const SUSPECT = 'w1 1 missing';
const patiently = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(() => jest.restoreAllMocks());

test('What an attempt suspects is told by the next one, though each is too short for two full rounds.', async () => {
  const first = await attempt({ suspects: [], comparedAt: 0 });
  expect([first.signals, first.last]).toEqual([[], expect.objectContaining({ suspects: [SUSPECT] })]);
  const { suspects, comparedAt } = first.last;
  const second = await attempt({ suspects, comparedAt: comparedAt - FOR_EVER });
  expect(second.signals).toEqual([
    { workflowId: WORKSPACE, name: 'podLost', input: { build: 1, reason: expect.any(String), counted: true } },
  ]);
});

test('An attempt that follows at once makes no full round before its time, so that nothing is seen twice in one moment.', async () => {
  const { signals, last } = await attempt({ suspects: [SUSPECT], comparedAt: Date.now() });
  expect([signals, last.suspects]).toEqual([[], [SUSPECT]]);
});

test('A full round that was made by a clock of the future puts no other off.', async () => {
  const { signals } = await attempt({ suspects: [SUSPECT], comparedAt: Date.now() + 2 * FOR_EVER });
  expect(signals).toHaveLength(1);
});

test('Every heartbeat has the suspects, so that whichever is the last one, none is lost.', async () => {
  const { beats } = await attempt({ suspects: [SUSPECT], comparedAt: Date.now() });
  expect(beats.length).toBeGreaterThan(1);
  for (const { suspects } of beats) expect(suspects).toEqual([SUSPECT]);
});

test('Between rounds that are far apart the watch goes on beating.', async () => {
  const world = missing({ suspects: [], comparedAt: 0 }, FOR_EVER);
  const watching = world.run(world.activities.watch, { runtime: 'memory' });
  await pass(1_500);
  const beats = world.beats.filter(({ waitingFor }) => waitingFor.startsWith('the next round'));
  world.environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
  expect(beats.length).toBeGreaterThan(2);
});

test('Work that makes no headway is beaten for no more after a while, and so given up.', async () => {
  const world = activityWorld({ hold: () => new Promise(() => {}) }, { watchIntervalMs: 1 });
  const started = Date.now();
  const now = jest.spyOn(Date, 'now');
  const watching = world.run(world.activities.watch, { runtime: 'memory' });
  await pass(400);
  expect(world.beats.length).toBeGreaterThan(0);
  now.mockReturnValue(started + 31_000);
  const before = world.beats.length;
  await pass(1_500);
  expect(world.beats).toHaveLength(before);
  world.environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
});

test('No more suspects go with a heartbeat than a payload should hold.', async () => {
  const world = missing({ suspects: [], comparedAt: 0 }, FOR_EVER);
  for (let number = 0; number < 2_000; number += 1) world.workflows.set(`workspace/ada/n${number}`, { id: `n${number}` });
  await rounds(world, 1);
  expect((world.beats.at(-1) as unknown as WatchHeartbeat).suspects).toHaveLength(500);
});

/** A workspace whose pod is missing, and an attempt of the watch that follows one which knew this. */
function missing(heartbeatDetails: Omit<WatchHeartbeat, 'waitingFor'>, watchIntervalMs = 1) {
  const world = activityWorld({}, { watchIntervalMs, watchFullIntervalMs: FOR_EVER, info: { attempt: 2, heartbeatDetails } });
  world.workflows.set(WORKSPACE, { id: 'w1' });
  return world;
}

async function attempt(known: Omit<WatchHeartbeat, 'waitingFor'>) {
  const world = missing(known);
  const { identity } = await world.runtime.prepareHome(HOME, patiently());
  await world.runtime.startPod(podOf(identity), patiently());
  await world.runtime.stopPod(POD, patiently());
  await rounds(world, 3);
  const beats = world.beats as unknown as WatchHeartbeat[];
  const last = beats.at(-1);
  if (!last) throw new Error('expected a heartbeat, got none');
  return { signals: world.signals, beats, last };
}

async function rounds(world: ReturnType<typeof missing>, count: number): Promise<void> {
  const ends = () => world.beats.filter(({ waitingFor }) => waitingFor.startsWith('the next round')).length;
  const enough = new Promise<void>((resolve) => world.environment.on('heartbeat', () => ends() >= count && resolve()));
  const watching = world.run(world.activities.watch, { runtime: 'memory' });
  await enough;
  world.environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
}

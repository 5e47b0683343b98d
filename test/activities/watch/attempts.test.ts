/** What the watch keeps from one attempt to the next, and its heartbeats between rounds that are far apart. */
import type { WatchHeartbeat } from '../../../src/activities/watch/heartbeat';
import { activityContext, HOME, podOf } from '../../support/fake-client';
import { until } from '../../support/until';

const POD = { id: 'w1', organization: 'default', build: 1 };
const WORKSPACE = 'workspace/ada/dev';
const ONE_HOUR_MS = 3_600_000;
const SUSPECT = 'w1 1 missing';
const progress = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(() => jest.restoreAllMocks());

test('A suspect of one attempt is reported by the next, though each is too short for two full rounds.', async () => {
  const first = await attempt({ suspects: [], comparedAt: 0 });
  expect([first.signals, first.last]).toEqual([[], expect.objectContaining({ suspects: [SUSPECT] })]);
  const { suspects, comparedAt } = first.last;
  const second = await attempt({ suspects, comparedAt: comparedAt - ONE_HOUR_MS });
  expect(second.signals).toEqual([
    { workflowId: WORKSPACE, name: 'podLost', input: { build: 1, reason: expect.any(String), counted: true } },
  ]);
});

test('An attempt that follows immediately makes no full round before its interval, so that no suspect is seen twice at one moment.', async () => {
  const { signals, last } = await attempt({ suspects: [SUSPECT], comparedAt: Date.now() });
  expect([signals, last.suspects]).toEqual([[], [SUSPECT]]);
});

test('A full round with a timestamp in the future does not delay the next full round.', async () => {
  const { signals } = await attempt({ suspects: [SUSPECT], comparedAt: Date.now() + 2 * ONE_HOUR_MS });
  expect(signals).toHaveLength(1);
});

test('Every heartbeat has the suspects, so that the last one has them.', async () => {
  const { heartbeats } = await attempt({ suspects: [SUSPECT], comparedAt: Date.now() });
  expect(heartbeats.length).toBeGreaterThan(1);
  for (const { suspects } of heartbeats) expect(suspects).toEqual([SUSPECT]);
});

test('Between rounds that are far apart the watch sends heartbeats.', async () => {
  const context = missing({ suspects: [], comparedAt: 0 }, ONE_HOUR_MS);
  const watching = context.run(context.activities.watch, { runtime: 'memory' });
  const heartbeats = () => context.heartbeats.filter(({ waitingFor }) => waitingFor.startsWith('the next round'));
  await until('it sent heartbeats', () => heartbeats().length > 2);
  context.environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
});

test('A round without progress sends no heartbeat after a while, so that the server retries the activity.', async () => {
  const context = activityContext({ hold: () => new Promise(() => {}) }, { watchIntervalMs: 1 });
  const started = Date.now();
  const now = jest.spyOn(Date, 'now');
  const watching = context.run(context.activities.watch, { runtime: 'memory' });
  await until('it sent a heartbeat', () => context.heartbeats.length > 0);
  now.mockReturnValue(started + 31_000);
  const before = context.heartbeats.length;
  await pass(1_500);
  expect(context.heartbeats).toHaveLength(before);
  context.environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
});

test('A heartbeat holds a limited number of suspects.', async () => {
  const context = missing({ suspects: [], comparedAt: 0 }, ONE_HOUR_MS);
  for (let number = 0; number < 2_000; number += 1) context.workflows.set(`workspace/ada/n${number}`, { id: `n${number}` });
  await rounds(context, 1);
  expect((context.heartbeats.at(-1) as unknown as WatchHeartbeat).suspects).toHaveLength(500);
});

/** A workspace whose pod is missing, and an attempt of the watch with the details of the attempt before. */
function missing(heartbeatDetails: Omit<WatchHeartbeat, 'waitingFor'>, watchIntervalMs = 1) {
  const context = activityContext(
    {},
    { watchIntervalMs, watchFullIntervalMs: ONE_HOUR_MS, info: { attempt: 2, heartbeatDetails } },
  );
  context.workflows.set(WORKSPACE, { id: 'w1' });
  return context;
}

async function attempt(known: Omit<WatchHeartbeat, 'waitingFor'>) {
  const context = missing(known);
  const { identity } = await context.runtime.prepareHome(HOME, progress());
  await context.runtime.startPod(podOf(identity), progress());
  await context.runtime.stopPod(POD, progress());
  await rounds(context, 3);
  const heartbeats = context.heartbeats as unknown as WatchHeartbeat[];
  const last = heartbeats.at(-1);
  if (!last) throw new Error('expected a heartbeat, got none');
  return { signals: context.signals, heartbeats, last };
}

async function rounds(context: ReturnType<typeof missing>, count: number): Promise<void> {
  const ends = () => context.heartbeats.filter(({ waitingFor }) => waitingFor.startsWith('the next round')).length;
  const enough = new Promise<void>((resolve) => context.environment.on('heartbeat', () => ends() >= count && resolve()));
  const watching = context.run(context.activities.watch, { runtime: 'memory' });
  await enough;
  context.environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
}

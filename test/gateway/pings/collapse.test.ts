import { RequestFailure } from '../../../src/client';
import type { PingInput } from '../../../src/contract/payloads';
import { PingCollapse } from '../../../src/gateway/pings/collapse';

const WINDOW_MS = 30_000;
const START = Date.parse('2027-03-01T10:00:00.000Z');
const DEV = { owner: 'ada', name: 'dev' };

/** Signals that Temporal took, with the seconds since the start. */
let taken: [seconds: number, input: PingInput][];
/** What a signal meets. */
let meets: () => Promise<void>;
let retries: number;
let pings: PingCollapse;

beforeEach(() => {
  jest.useFakeTimers({ now: START });
  taken = [];
  retries = 0;
  meets = async () => undefined;
  pings = new PingCollapse({
    send: async (_, input) => {
      await meets();
      taken.push([seconds(), input]);
    },
    now: Date.now,
    windowMs: WINDOW_MS,
    onRetry: () => {
      retries += 1;
    },
  });
});
afterEach(() => jest.useRealTimers());

const seconds = () => (Date.now() - START) / 1_000;
const at = (second: number) => new Date(START + 1_000 * second).toISOString();
const pass = (count: number) => jest.advanceTimersByTimeAsync(1_000 * count);
const away = async () => {
  throw new RequestFailure('Unavailable', 'Temporal is away');
};

test('The first ping is forwarded as it came; the next is held, and forwarded at the end of the window with its own time.', async () => {
  expect(await pings.ping(DEV, { via: 'ide' })).toBe('forwarded');
  await pass(10);
  expect(await pings.ping(DEV, { via: 'ssh' })).toBe('held');
  await pass(19);
  expect(taken).toHaveLength(1);
  await pass(1);
  expect(taken).toEqual([
    [0, { via: 'ide' }],
    [30, { via: 'ssh', at: at(10) }],
  ]);
});

test('Of several held pings the one with the latest use is forwarded, also where an earlier use is reported later.', async () => {
  await pings.ping(DEV, {});
  await pass(5);
  await pings.ping(DEV, { via: 'ssh' });
  await pass(5);
  await pings.ping(DEV, { via: 'web', at: at(2) });
  await pass(20);
  expect(taken[1]).toEqual([30, { via: 'ssh', at: at(5) }]);
});

test('A held ping that reports a use in the future counts at the moment at which it came.', async () => {
  await pings.ping(DEV, {});
  await pass(5);
  await pings.ping(DEV, { at: at(3_600) });
  await pass(25);
  expect(taken[1]).toEqual([30, { at: at(5) }]);
});

test('However many pings come, at most one signal is sent in each window, and the last ping counts.', async () => {
  for (let second = 0; second < 300; second += 1) {
    for (let count = 0; count < 5; count += 1) await pings.ping(DEV, {});
    await pass(1);
  }
  await pass(60);
  const gaps = taken.slice(1).map(([second], index) => second - (taken[index]?.[0] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(30);
  expect(taken.at(-1)?.[1]).toEqual({ at: at(299) });
  expect(pings.held()).toEqual([]);
});

test('Workspaces are collapsed each for itself.', async () => {
  expect(await Promise.all(['a', 'b', 'c'].map((name) => pings.ping({ owner: 'ada', name }, {})))).toEqual(
    Array(3).fill('forwarded'),
  );
  expect(taken).toHaveLength(3);
});

test('Pings that come while the first is under way are held behind it once Temporal took it, and fail with it where it did not.', async () => {
  let take = () => {};
  meets = () => new Promise((resolve) => (take = resolve));
  const all = [pings.ping(DEV, {}), pings.ping(DEV, {}), pings.ping(DEV, {})];
  await pass(2);
  take();
  expect(await Promise.all(all)).toEqual(['forwarded', 'held', 'held']);
  meets = away;
  const others = ['a', 'a'].map((name) => pings.ping({ owner: 'ada', name }, {}));
  expect((await Promise.allSettled(others)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('Nothing is promised while Temporal does not take pings, and what was promised before is forwarded when it does again.', async () => {
  await pings.ping(DEV, {});
  await pass(10);
  expect(await pings.ping(DEV, {})).toBe('held');
  meets = away;
  await pass(40);
  await expect(pings.ping(DEV, {})).rejects.toMatchObject({ type: 'Unavailable' });
  expect([retries > 1, taken.length, pings.held()]).toEqual([true, 1, ['ada/dev']]);
  meets = async () => undefined;
  await pass(11);
  expect(taken.slice(1).map(([, input]) => input)).toEqual([{ at: at(10) }]);
  expect(pings.held()).toEqual([]);
});

test('A ping after the window takes an older held one with it.', async () => {
  await pings.ping(DEV, {});
  await pass(10);
  await pings.ping(DEV, {});
  meets = away;
  await pass(25);
  meets = async () => undefined;
  expect(await pings.ping(DEV, { via: 'ssh' })).toBe('forwarded');
  await pass(29);
  expect(taken.slice(1)).toEqual([[35, { via: 'ssh' }]]);
});

test('A held ping of a workspace that ended is forgotten.', async () => {
  await pings.ping(DEV, {});
  await pings.ping(DEV, {});
  meets = async () => {
    throw new RequestFailure('NotFound', 'it was purged');
  };
  await pass(30);
  expect([retries, pings.held()]).toEqual([0, []]);
});

test('A drain forwards what is held with its own time, holds nothing after it, and names what is lost.', async () => {
  await pings.ping(DEV, {});
  await pass(10);
  await pings.ping(DEV, {});
  await pass(5);
  expect(await pings.drain(8_000)).toEqual([]);
  expect(taken.at(-1)).toEqual([15, { at: at(10) }]);
  expect(await pings.ping(DEV, {})).toBe('forwarded');
});

test('A drain while Temporal is away names the workspaces whose held ping is lost.', async () => {
  await pings.ping(DEV, {});
  await pings.ping(DEV, {});
  meets = away;
  const drained = pings.drain(8_000);
  await pass(8);
  expect(await drained).toEqual(['ada/dev']);
});

test('A drain tries a held ping again for as long as it has time, of every workspace.', async () => {
  const names = Array.from({ length: 150 }, (_, count) => `w${count}`);
  for (const name of [...names, ...names]) await pings.ping({ owner: 'ada', name }, {});
  meets = away;
  const drained = pings.drain(8_000);
  await pass(5);
  expect(taken).toHaveLength(150);
  meets = async () => undefined;
  await pass(3);
  expect(await drained).toEqual([]);
  expect(taken).toHaveLength(300);
});

test('A workspace that is pinged no more is forgotten.', async () => {
  for (let count = 0; count < 1_000; count += 1) await pings.ping({ owner: 'ada', name: `w${count}` }, {});
  await pass(31);
  expect(jest.getTimerCount()).toBe(0);
});

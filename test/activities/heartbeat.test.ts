import { startHeartbeat } from '../../src/activities/heartbeat';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('Heartbeats begin soon, at growing intervals of at most 3 s.', () => {
  const heartbeats: number[] = [];
  const startedAt = Date.now();
  const end = startHeartbeat(() => void heartbeats.push(Date.now() - startedAt));
  jest.advanceTimersByTime(60_000);
  end();
  const gaps = heartbeats.map((at, index) => at - (heartbeats[index - 1] ?? 0));
  expect(gaps[0]).toBe(250);
  expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
  expect(gaps.at(-1)).toBe(3_000);
});

test('No heartbeat is sent after the end, also when a heartbeat ends it.', () => {
  const send = jest.fn(() => end());
  const end = startHeartbeat(send);
  jest.advanceTimersByTime(60_000);
  expect(send).toHaveBeenCalledTimes(1);
});

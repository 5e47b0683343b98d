import { startHeartbeat } from '../../src/activities/heartbeat';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('It beats soon, then ever later, and never with more than 3 s between.', () => {
  const beats: number[] = [];
  const startedAt = Date.now();
  const end = startHeartbeat(() => void beats.push(Date.now() - startedAt));
  jest.advanceTimersByTime(60_000);
  end();
  const gaps = beats.map((at, index) => at - (beats[index - 1] ?? 0));
  expect(gaps[0]).toBe(250);
  expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
  expect(gaps.at(-1)).toBe(3_000);
});

test('It beats no more once it is ended, from within a beat too.', () => {
  const beat = jest.fn(() => end());
  const end = startHeartbeat(beat);
  jest.advanceTimersByTime(60_000);
  expect(beat).toHaveBeenCalledTimes(1);
});

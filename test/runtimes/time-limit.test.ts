import { withTimeLimit } from '../../src/runtimes/time-limit';

const LIMIT = { what: 'the look', limitMs: 20 };
const never = () => new Promise<never>(() => undefined);

test('Work that ends within its limit answers, or fails, as it does, and is not aborted.', async () => {
  const seen: AbortSignal[] = [];
  const patient = { ...LIMIT, limitMs: 60_000 };
  await expect(withTimeLimit(patient, async (signal) => seen.push(signal))).resolves.toBe(1);
  const failure = new Error('the work failed');
  await expect(withTimeLimit(patient, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(seen.map(({ aborted }) => aborted)).toEqual([false]);
});

test('Work that does not end is aborted and given up when its limit has passed, whether or not it heeds that.', async () => {
  const seen: AbortSignal[] = [];
  const given = withTimeLimit(LIMIT, (signal) => {
    seen.push(signal);
    return never();
  });
  await expect(given).rejects.toMatchObject({
    type: 'RuntimeUnavailable',
    message: 'the look did not come to an end within 0.02 s',
  });
  expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
});

test("The caller's own signal ends it with that signal's reason, at once where it was aborted before.", async () => {
  const reason = new Error('nobody waits any more');
  const aborting = new AbortController();
  const given = withTimeLimit({ ...LIMIT, limitMs: 60_000, signal: aborting.signal }, never);
  aborting.abort(reason);
  await expect(given).rejects.toBe(reason);
  let isBegun = false;
  const late = withTimeLimit({ ...LIMIT, signal: AbortSignal.abort(reason) }, async () => {
    isBegun = true;
  });
  await expect(late).rejects.toBe(reason);
  expect(isBegun).toBe(false);
});

import { withTimeLimit } from '../../src/runtimes/time-limit';

const LIMIT = { what: 'the work', limitMs: 20 };
const never = () => new Promise<never>(() => undefined);

test('Work that ends within its limit answers, or fails, as it does, and is not aborted.', async () => {
  const seen: AbortSignal[] = [];
  const patient = { ...LIMIT, limitMs: 60_000 };
  await expect(withTimeLimit(patient, async (signal) => seen.push(signal))).resolves.toBe(1);
  const failure = new Error('the work failed');
  await expect(withTimeLimit(patient, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(seen.map(({ aborted }) => aborted)).toEqual([false]);
});

test('Work that does not end is aborted and given up when its limit has passed, whether or not it stops.', async () => {
  const seen: AbortSignal[] = [];
  const limited = withTimeLimit(LIMIT, (signal) => {
    seen.push(signal);
    return never();
  });
  await expect(limited).rejects.toMatchObject({
    type: 'RuntimeUnavailable',
    message: 'the work did not come to an end within 0.02 s',
  });
  expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
});

test("The caller's own signal ends it with that signal's reason, at once where it was aborted before.", async () => {
  const reason = new Error('the caller has left');
  const aborting = new AbortController();
  const limited = withTimeLimit({ ...LIMIT, limitMs: 60_000, signal: aborting.signal }, never);
  aborting.abort(reason);
  await expect(limited).rejects.toBe(reason);
  let isBegun = false;
  const late = withTimeLimit({ ...LIMIT, signal: AbortSignal.abort(reason) }, async () => {
    isBegun = true;
  });
  await expect(late).rejects.toBe(reason);
  expect(isBegun).toBe(false);
});

import type { PerennialClient } from '../../../src/client';
import { createSuspensions } from '../../../src/gateway/auth/suspension';

const SECOND_MS = 1_000;

/** What the next read of the policy meets. */
let policy: () => Promise<{ suspendedOwners: string[] }>;
let reads: number;
const client = {
  organization: () => ({
    policy: () => {
      reads += 1;
      return policy();
    },
  }),
} as unknown as PerennialClient;
const open = () => createSuspensions(client, Date.now);
const suspending =
  (...suspendedOwners: string[]) =>
  async () => ({ suspendedOwners });
const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * SECOND_MS);

beforeEach(() => {
  jest.useFakeTimers();
  reads = 0;
});
afterEach(() => jest.useRealTimers());

test('A ping relies on a policy that is up to 30 s old, and waits for a new one where it is older.', async () => {
  const isSuspended = open();
  policy = suspending();
  expect(await isSuspended('ada', 'acme', true)).toBe(false);
  policy = suspending('ada');
  await pass(20);
  expect(await isSuspended('ada', 'acme', true)).toBe(false);
  await pass(31);
  expect(await isSuspended('ada', 'acme', true)).toBe(true);
  expect(reads).toBe(2);
});

test('Pings wait up to 2 s for a new policy, and rely on the known one where none comes; those behind them do not wait.', async () => {
  const isSuspended = open();
  policy = suspending('ada');
  expect(await isSuspended('ada', 'acme', true)).toBe(true);
  policy = () => new Promise(() => {});
  await pass(60);
  let answered: boolean[] | null = null;
  void Promise.all(['ada', 'bob'].map((owner) => isSuspended(owner, 'acme', true))).then((all) => {
    answered = all;
  });
  await pass(1.9);
  expect(answered).toBeNull();
  await pass(0.2);
  expect(answered).toEqual([true, false]);
  expect(await isSuspended('ada', 'acme', true)).toBe(true);
  expect(reads).toBe(2);
});

test('Before the first policy, and while reads of it fail, a ping counts as not suspended, and other calls fail.', async () => {
  const isSuspended = open();
  policy = () => Promise.reject(new Error('away'));
  expect(await isSuspended('ada', 'acme', true)).toBe(false);
  await expect(isSuspended('ada', 'acme')).rejects.toThrow('away');
});

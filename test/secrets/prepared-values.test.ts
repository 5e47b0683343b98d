import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { maskText } from '../../src/hooks/mask';
import { createFileStore } from '../../src/secrets/files';
import { deleteSecret, type SecretHolder, setSecret } from '../../src/secrets/named-secrets';
import { ownerKey, rotateOwnerKey } from '../../src/secrets/owner-key';
import { createPreparedReader } from '../../src/secrets/prepared-values';
import type { SecretStore } from '../../src/secrets/store';

const ADA: SecretHolder = { scope: 'owner', name: 'ada' };
const BOB = { owner: 'bob', organization: 'acme' };
const OF = { owner: 'ada', organization: 'acme' };

let dir: string;
let store: SecretStore;
let reads: number;
let clock: number;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'perennial-keys-'));
  reads = 0;
  clock = 1_000_000;
  store = createFileStore(path.join(dir, 'keys'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const set = (name: string, value: string, holder = ADA, target: Record<string, unknown> = {}) =>
  setSecret(store, { holder, name, target, value: Buffer.from(value), by: null });

/** Counts the reads of values. */
function openReader(get: SecretStore['get'] = (key) => store.get(key)) {
  const counting: SecretStore = {
    ...store,
    get(key) {
      reads += 1;
      return get(key);
    },
  };
  return createPreparedReader(counting, { now: () => clock, maxKeptChars: 100_000 });
}

test('Values are read and prepared again only after a change of any of them.', async () => {
  const read = openReader();
  const first = await read(OF);
  expect([first, await read(OF)]).toEqual([{ known: null, versions: '[[],[],[]]' }, first]);
  const changes: [change: () => Promise<unknown>, shown: string][] = [
    [() => set('A', 'canary-one'), 'canary-one'],
    [() => set('A', 'canary-two'), 'canary-one canary-two'],
    [() => set('B', 'canary-acme', { scope: 'organization', name: 'acme' }), 'canary-acme'],
    [() => deleteSecret(store, { holder: ADA, name: 'A', by: null }), 'canary-one canary-two'],
    [() => ownerKey(store, 'ada'), ''],
    [() => rotateOwnerKey(store, 'ada'), ''],
  ];
  let last = first;
  for (const [change, shown] of changes) {
    await change();
    const next = await read(OF);
    expect(next).not.toBe(last);
    expect(maskText(shown, next)).toBe(shown.replaceAll(/[\w-]+/g, '***'));
    const before = reads;
    expect([(await read(OF)) === next, reads]).toEqual([true, before]);
    last = next;
  }
});

test('Calls at the same time share one preparation, and a failed one is repeated.', async () => {
  await set('A', 'canary-one');
  let isAway = true;
  const read = openReader((key) => (isAway && key.kind === 'secret' ? Promise.reject(new Error('away')) : store.get(key)));
  await expect(read(OF)).rejects.toThrow('away');
  isAway = false;
  reads = 0;
  const all = await Promise.all([read(OF), read(OF), read(OF)]);
  // The owner's key, and the secret.
  expect([new Set(all).size, reads]).toEqual([1, 2]);
});

test('What was prepared is dropped a minute after the last call, and the oldest where there is too much.', async () => {
  const read = openReader();
  const first = await read(OF);
  clock += 50_000;
  expect(await read(OF)).toBe(first);
  clock += 60_000;
  await read(BOB);
  const second = await read(OF);
  expect(second).not.toBe(first);
  for (const name of ['A', 'B']) await set(name, randomBytes(32 * 1024).toString('hex'), { scope: 'owner', name: 'bob' });
  const large = await read(BOB);
  expect(await read(OF)).toBe(second);
  expect(await read(BOB)).not.toBe(large);
});

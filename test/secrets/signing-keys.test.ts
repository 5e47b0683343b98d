import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { createFileStore } from '../../src/secrets/files';
import { createSigningKeys } from '../../src/secrets/signing-keys';
import type { SecretStore } from '../../src/secrets/store';
import { mintToken, verifyToken } from '../../src/secrets/tokens';

const NOW = Date.parse('2026-03-29T06:30:00.000Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let dir: string;
/** How often the store was asked, and whether it answers. */
let asked: { get: number; list: number; isAway: boolean };
let store: SecretStore;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'perennial-keys-'));
  asked = { get: 0, list: 0, isAway: false };
  const files = createFileStore(path.join(dir, 'keys'));
  const answer = <T>(verb: 'get' | 'list', work: () => Promise<T>): Promise<T> => {
    asked[verb] += 1;
    return asked.isAway ? Promise.reject(new Error('away')) : work();
  };
  store = { ...files, get: (key) => answer('get', () => files.get(key)), list: (of) => answer('list', () => files.list(of)) };
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = () => createSigningKeys(store, 'installation-1');
const mint = (keys: ReturnType<typeof open>, now: number, lifeMs = HOUR_MS) =>
  mintToken(keys, { subject: { kind: 'owner', owner: 'ada' }, lifeMs }, now).then(({ token }) => token);

test('Copies that make the first key at once all sign with one key, and verify each other.', async () => {
  const copies = Array.from({ length: 6 }, open);
  const tokens = await Promise.all(copies.map((keys) => mint(keys, NOW)));
  expect(new Set(tokens.map((token) => decodeProtectedHeader(token).kid)).size).toBe(1);
  for (const keys of copies) expect(await verifyToken(keys, tokens[0] ?? '', NOW)).toMatchObject({ owner: 'ada' });
});

test('A new key signs from the moment it is made, and the earlier one verifies.', async () => {
  const keys = open();
  const earlier = await mint(keys, NOW);
  const { kid } = await keys.rotate(NOW + 1_000);
  expect(decodeProtectedHeader(await mint(keys, NOW + 1_000)).kid).toBe(kid);
  expect(await verifyToken(keys, earlier, NOW + 1_000)).toMatchObject({ owner: 'ada' });
});

test('Another copy verifies a token of a new key immediately, also of the first one.', async () => {
  const [one, two] = [open(), open()];
  expect(await two.verifier('unknown', NOW - 2_000)).toBeNull();
  expect(await verifyToken(two, await mint(one, NOW), NOW)).toMatchObject({ owner: 'ada' });
  await one.rotate(NOW + 1_000);
  expect(await verifyToken(two, await mint(one, NOW + 1_000), NOW + 1_000)).toMatchObject({ owner: 'ada' });
});

test('A key that was made while an earlier read was under way is found.', async () => {
  const one = createSigningKeys(createFileStore(path.join(dir, 'keys')), 'installation-1');
  const two = open();
  await mint(one, NOW);
  const { list } = store;
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  store.list = async (of) => {
    const answer = await list(of);
    await held;
    return answer;
  };
  const earlier = two.verifier('unknown', NOW + 1_000);
  await one.rotate(NOW + 1_000);
  const later = verifyToken(two, await mint(one, NOW + 1_000), NOW + 3_000);
  go();
  expect(await earlier).toBeNull();
  expect(await later).toMatchObject({ owner: 'ada' });
});

test('Of calls at once with a token of a new key none is refused, also within the second behind another unknown key.', async () => {
  const [one, two] = [open(), open()];
  await mint(one, NOW);
  expect(await two.verifier('unknown', NOW)).toBeNull();
  await one.rotate(NOW + 100);
  const token = await mint(one, NOW + 100);
  asked.list = 0;
  const owners = await Promise.all(Array.from({ length: 20 }, () => verifyToken(two, token, NOW + 100)));
  expect(owners.every((caller) => caller.kind === 'owner')).toBe(true);
  expect(asked.list).toBe(1);
  const next = await one.rotate(NOW + 5_000);
  const found = await Promise.all(Array.from({ length: 20 }, () => two.verifier(next.kid, NOW + 5_000)));
  expect(found.every((key) => key !== null)).toBe(true);
  expect(asked.list).toBe(3);
});

test('After 30 days a key signs nothing more; it verifies for as long as its tokens live, and no longer.', async () => {
  const keys = open();
  const longest = await mint(keys, NOW, 90 * DAY_MS);
  const next = await mint(keys, NOW + 31 * DAY_MS, 90 * DAY_MS);
  expect(decodeProtectedHeader(next).kid).not.toBe(decodeProtectedHeader(longest).kid);
  expect(await verifyToken(keys, longest, NOW + 89 * DAY_MS)).toMatchObject({ owner: 'ada' });
  const much = NOW + 31 * DAY_MS + 90 * DAY_MS + 2 * HOUR_MS;
  await mint(keys, much);
  const [info] = await store.list({ kind: 'signing-key', holder: 'installation' });
  const kids = JSON.parse(JSON.stringify(info?.description.keys)).map(({ kid }: { kid: string }) => kid);
  expect(kids).toHaveLength(2);
  expect(kids).not.toContain(decodeProtectedHeader(longest).kid);
});

test('The private key stands in no list.', async () => {
  await mint(open(), NOW);
  const [info] = await store.list({ kind: 'signing-key', holder: 'installation' });
  const { value } = (await store.get({ kind: 'signing-key', holder: 'installation', name: 'tokens' })) ?? { value: '' };
  const { d } = (JSON.parse(value.toString()).keys as { d: string }[])[0] ?? { d: '' };
  expect(d).toHaveLength(43);
  expect(JSON.stringify(info)).not.toContain(d);
});

test('Verifying and signing read the store once in thirty seconds, and no private key for verifying.', async () => {
  const keys = open();
  const token = await mint(keys, NOW);
  await Promise.all(Array.from({ length: 50 }, () => verifyToken(keys, token, NOW + 1_000)));
  await mint(keys, NOW + 2_000);
  expect(asked).toMatchObject({ get: 1, list: 1 });
  await verifyToken(keys, token, NOW + 40_000);
  expect(asked).toMatchObject({ get: 1, list: 2 });
});

test('Tokens with unknown keys cause one read of the store in a second.', async () => {
  const keys = open();
  await verifyToken(keys, await mint(keys, NOW), NOW);
  const other = createSigningKeys(createFileStore(path.join(dir, 'other')), 'installation-1');
  const unknown = await mintToken(other, { subject: { kind: 'owner', owner: 'ada' }, lifeMs: HOUR_MS }, NOW);
  const verified = Array.from({ length: 20 }, (_, each) => verifyToken(keys, unknown.token, NOW + each * 100));
  const reasons = (await Promise.allSettled(verified)).map((each) => each.status === 'rejected' && each.reason.reason);
  expect(reasons).toEqual(Array(20).fill('unknown-key'));
  expect(asked.list).toBe(3);
});

test('While the store is away, known keys verify for ten minutes, and an unknown key is no refusal.', async () => {
  const keys = open();
  const token = await mint(keys, NOW);
  await verifyToken(keys, token, NOW);
  const other = createSigningKeys(createFileStore(path.join(dir, 'other')), 'installation-1');
  const unknown = await mintToken(other, { subject: { kind: 'owner', owner: 'ada' }, lifeMs: HOUR_MS }, NOW);
  asked.isAway = true;
  expect(await verifyToken(keys, token, NOW + 599_000)).toMatchObject({ owner: 'ada' });
  await expect(verifyToken(keys, token, NOW + 601_000)).rejects.toThrow('away');
  await expect(verifyToken(keys, unknown.token, NOW + 60_000)).rejects.toThrow('away');
});

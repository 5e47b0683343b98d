import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileStore } from '../../src/secrets/files';
import { type InjectionRequest, readInjection } from '../../src/secrets/injection';
import { deleteSecret, type SecretHolder, setSecret } from '../../src/secrets/named-secrets';
import { findOwnerKey } from '../../src/secrets/owner-key';
import { createSigningKeys } from '../../src/secrets/signing-keys';
import type { SecretStore } from '../../src/secrets/store';
import { verifyToken } from '../../src/secrets/tokens';

const NOW = Date.parse('2026-03-29T06:30:00.000Z');
const ADA: SecretHolder = { scope: 'owner', name: 'ada' };
const ACME: SecretHolder = { scope: 'organization', name: 'acme' };
const REQUEST: InjectionRequest = {
  owner: 'ada',
  name: 'dev',
  id: 'abc123',
  organization: 'acme',
  build: 7,
  git: [],
  gatewayUrl: null,
  now: NOW,
};
const GIT = [{ host: 'git.example.com', knownHosts: ['git.example.com ssh-ed25519 AAAA'] }];

let dir: string;
let store: SecretStore;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'perennial-keys-'));
  store = createFileStore(path.join(dir, 'keys'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const set = (holder: SecretHolder, name: string, value: string, target: Record<string, unknown> = {}) =>
  setSecret(store, { holder, name, target, value: Buffer.from(value), by: null });
const read = (change: Partial<InjectionRequest> = {}) =>
  readInjection(store, createSigningKeys(store, 'installation-1'), { ...REQUEST, ...change });

test('Without hosts, gateway, and secrets the set is empty, and nothing is made.', async () => {
  expect(await read()).toEqual({
    set: { access: null, sshKey: null, gitHosts: [], env: [], files: [], credentials: [] },
    delivered: [],
    warnings: [],
    expiresAt: null,
  });
  expect(await findOwnerKey(store, 'ada')).toBeNull();
});

test('The token is for this build of this workspace, for two hours.', async () => {
  const { set: injected, expiresAt } = await read({ gatewayUrl: 'http://gateway.example.com' });
  expect(injected.access?.url).toBe('http://gateway.example.com');
  expect(expiresAt).toBe(NOW + 7_200_000);
  const caller = await verifyToken(createSigningKeys(store, 'installation-1'), injected.access?.token ?? '', NOW);
  expect(caller).toMatchObject({ kind: 'workspace', owner: 'ada', name: 'dev', id: 'abc123', build: 7 });
});

test("The owner's key is there once the policy names hosts, with their known hosts.", async () => {
  const { set: injected } = await read({ git: GIT });
  const key = await findOwnerKey(store, 'ada');
  expect(injected.sshKey).toEqual({
    privateKey: key?.privateKey,
    publicKey: key?.publicKey,
    fingerprint: key?.fingerprint,
  });
  expect(injected.gitHosts).toEqual(GIT);
});

test("The owner's secret wins over the organization's for the same target, and the others come beside it.", async () => {
  await set(ACME, 'SHARED', 'of-acme', { env: 'TOKEN' });
  await set(ACME, 'FILE', 'file-of-acme', { file: '.config/a' });
  await set(ADA, 'MINE', 'of-ada', { env: 'TOKEN' });
  await set(ADA, 'MINE', 'of-ada-2', { env: 'TOKEN' });
  const { set: injected, delivered } = await read();
  expect(injected.env).toEqual([{ name: 'TOKEN', value: Buffer.from('of-ada-2') }]);
  expect(injected.files).toEqual([{ path: '.config/a', value: Buffer.from('file-of-acme') }]);
  expect(delivered).toEqual([
    { name: 'MINE', scope: 'owner', version: 2 },
    { name: 'FILE', scope: 'organization', version: 1 },
  ]);
});

test("Variables come up to 768 KiB in all, the owner's first, and status shows only delivered variables.", async () => {
  const large = 'v'.repeat(64 * 1024);
  for (let index = 10; index < 16; index += 1) await set(ACME, `ACME_${index}`, large);
  for (let index = 10; index < 16; index += 1) await set(ADA, `MY_${index}`, large);
  await set(ACME, 'FILE', large, { file: 'large' });
  await set(ACME, 'SMALL', 'v');
  const { set: injected, delivered, warnings } = await read();
  expect(injected.env.map(({ name }) => name).join(' ')).toBe(
    'MY_10 MY_11 MY_12 MY_13 MY_14 MY_15 ACME_10 ACME_11 ACME_12 ACME_13 ACME_14 SMALL',
  );
  expect(injected.files).toHaveLength(1);
  expect(delivered).toHaveLength(13);
  expect(delivered.map(({ name }) => name)).not.toContain('ACME_15');
  expect(warnings).toEqual(['the secret for variable ACME_15 is left out: all variables together have at most 768 KiB']);
});

test("Credentials are given for the policy's hosts alone.", async () => {
  await set(ADA, 'GIT', 'canary', { git: 'git.example.com', username: 'ada' });
  await set(ADA, 'OTHER', 'canary', { git: 'example.com' });
  await set(ACME, 'PORT', 'canary', { git: 'git.example.com:8443' });
  const { set: injected, delivered } = await read({ git: GIT });
  expect(injected.credentials).toEqual([{ host: 'git.example.com', username: 'ada', password: 'canary', expiresAt: null }]);
  expect(delivered).toEqual([{ name: 'GIT', scope: 'owner', version: 1 }]);
  expect((await read()).set.credentials).toEqual([]);
});

test('A deleted secret is not given, and what may be shown holds no value.', async () => {
  await set(ADA, 'GONE', 'canary');
  await deleteSecret(store, { holder: ADA, name: 'GONE', by: null });
  await set(ADA, 'THERE', 'canary');
  const { set: injected, delivered } = await read();
  expect(injected.env.map(({ name }) => name)).toEqual(['THERE']);
  expect(JSON.stringify(delivered)).not.toContain('canary');
});

test('A store that does not answer is a failure, and no empty set.', async () => {
  const away = { ...store, list: () => Promise.reject(new Error('away')) };
  await expect(readInjection(away, createSigningKeys(away, 'x'), REQUEST)).rejects.toThrow('away');
});

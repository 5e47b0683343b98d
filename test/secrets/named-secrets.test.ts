import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileStore } from '../../src/secrets/files';
import { deleteSecret, listSecrets, type SecretHolder, setSecret } from '../../src/secrets/named-secrets';
import type { SecretStore } from '../../src/secrets/store';
import { valuesToMask } from '../../src/secrets/values-to-mask';

const ADA: SecretHolder = { scope: 'owner', name: 'ada' };

let dir: string;
let store: SecretStore;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'perennial-keys-'));
  store = createFileStore(path.join(dir, 'keys'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const set = (name: string, value: string | Buffer, target: Record<string, unknown> = {}, holder = ADA) =>
  setSecret(store, { holder, name, target, value: Buffer.from(value), by: 'ada' });
const masked = () => valuesToMask(store, { owner: 'ada', organization: 'acme' });

test('A secret without a target is the variable of its name, and is shown without its value.', async () => {
  const view = await set('NPM_TOKEN', 'canary-1');
  expect(view).toEqual({
    name: 'NPM_TOKEN',
    scope: 'owner',
    target: { env: 'NPM_TOKEN' },
    version: 1,
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    by: 'ada',
  });
  expect(await listSecrets(store, ADA)).toEqual([view]);
});

test('The version rises over changes of value and target, and over a deletion.', async () => {
  await set('TOKEN', 'canary-1');
  expect(await set('TOKEN', 'canary-2', { file: '~/.config/token' })).toMatchObject({
    version: 2,
    target: { file: '.config/token' },
  });
  expect(await deleteSecret(store, { holder: ADA, name: 'TOKEN', by: 'ada' })).toMatchObject({ version: 3 });
  expect(await listSecrets(store, ADA)).toEqual([]);
  await expect(deleteSecret(store, { holder: ADA, name: 'TOKEN', by: null })).rejects.toMatchObject({ type: 'NotFound' });
  expect(await set('TOKEN', 'canary-3', { git: 'Git.Example.com:8443' })).toMatchObject({
    version: 4,
    target: { git: 'git.example.com:8443', username: 'oauth2' },
  });
});

test('The last five replaced values are masked, and those of a deleted secret.', async () => {
  for (let value = 1; value <= 8; value += 1) await set('TOKEN', `canary-${value}`);
  await set('OTHER', 'canary-organization', {}, { scope: 'organization', name: 'acme' });
  await deleteSecret(store, { holder: ADA, name: 'TOKEN', by: null });
  expect((await masked()).sort()).toEqual(['canary-4', 'canary-5', 'canary-6', 'canary-7', 'canary-8', 'canary-organization']);
});

test('Replaced values of 64 KiB are kept up to 256 KiB, within what a record may hold.', async () => {
  for (let value = 0; value < 7; value += 1) await set('FILE', Buffer.alloc(64 * 1024, 65 + value), { file: 'f' });
  expect((await masked()).map((value) => value[0])).toEqual(['G', 'F', 'E', 'D', 'C']);
});

test('Of all replaced values of a holder 1 MiB is masked, those of the newest changes, beside every present value.', async () => {
  const contentOf = (secret: number, version: number) => Buffer.alloc(64 * 1024, `${secret}.${version},`);
  for (let secret = 0; secret < 6; secret += 1) {
    for (let version = 0; version < 5; version += 1) {
      await set(`S${secret}`, contentOf(secret, version), { file: `f${secret}` });
      // Two records of one millisecond have no order.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  const expected = [5, 4, 3, 2].flatMap((secret) => [3, 2, 1, 0].map((version) => `${secret}.${version}`));
  const shown = (await masked()).map((value) => value.slice(0, 3));
  expect(shown.sort()).toEqual([...expected, '0.4', '1.4', '2.4', '3.4', '4.4', '5.4'].sort());
});

test('At most 100 secrets are set, deleted ones leave their place, and a change of one is no further one.', async () => {
  for (let index = 0; index < 100; index += 1) await set(`S${index}`, 'canary');
  await expect(set('S100', 'canary')).rejects.toMatchObject({ type: 'InvalidRequest' });
  await set('S7', 'changed');
  await deleteSecret(store, { holder: ADA, name: 'S3', by: null });
  await set('S100', 'canary');
  expect(await listSecrets(store, ADA)).toHaveLength(100);
});

test('Two secrets of one scope cannot have the same target; those of owner and organization can.', async () => {
  await set('A', 'canary', { env: 'TOKEN' });
  await expect(set('B', 'canary', { env: 'TOKEN' })).rejects.toThrow(/no other secret has, got "that of A"/);
  await set('B', 'canary', { env: 'TOKEN' }, { scope: 'organization', name: 'acme' });
  await set('G', 'canary', { git: 'git.example.com', username: 'ada' });
  await expect(set('H', 'canary', { git: 'git.example.com', username: 'bob' })).rejects.toMatchObject({ type: 'InvalidRequest' });
});

test('Writers at once end with one value, and every version is one of theirs.', async () => {
  const views = await Promise.all(Array.from({ length: 8 }, (_, index) => set('TOKEN', `canary-${index}`)));
  expect(views.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test.each<[string, Record<string, unknown>, string]>([
  ['a name with a slash', { name: 'a/b' }, 'name'],
  ['a name that is no text', { name: 7 }, 'name'],
  ['a name that begins with a dash', { name: '-x' }, 'name'],
  ['a variable of the workspace itself', { target: { env: 'PATH' } }, 'env'],
  ['a variable of Perennial', { target: { env: 'PERENNIAL_URL' } }, 'env'],
  ['a name that is no variable', { name: 'npm-token' }, 'env'],
  ['an absolute path', { target: { file: '/etc/passwd' } }, 'file'],
  ['a path out of the home', { target: { file: 'a/../../b' } }, 'file'],
  ['a path with a line end', { target: { file: 'a\nb' } }, 'file'],
  ['an empty path', { target: { file: '~/' } }, 'file'],
  ['a part of a path that is too long', { target: { file: 'a'.repeat(256) } }, 'file'],
  ['the folder of Perennial', { target: { file: '.perennial' } }, 'file'],
  ['a path in the folder of Perennial', { target: { file: '~/.perennial/secret-links' } }, 'file'],
  ['a URL instead of a host', { target: { git: 'https://git.example.com' } }, 'git'],
  ['a user name with a line end', { target: { git: 'git.example.com', username: 'a\nb' } }, 'username'],
  ['a user name without a host', { target: { username: 'ada' } }, 'username'],
  ['two targets', { target: { env: 'A', file: 'b' } }, 'target'],
  ['an empty value', { value: Buffer.alloc(0) }, 'value'],
  ['a value above 64 KiB', { value: Buffer.alloc(64 * 1024 + 1, 'canary') }, 'value'],
  ['a variable with NUL', { value: Buffer.from('canary\0') }, 'value'],
  ['a credential of two lines', { target: { git: 'git.example.com' }, value: Buffer.from('canary\nx') }, 'value'],
])('%s is refused, with the field and without the value.', async (_, change, field) => {
  const input = { holder: ADA, name: 'TOKEN', target: {}, value: Buffer.from('canary'), by: null, ...change };
  const error = await setSecret(store, input).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ type: 'InvalidRequest', message: expect.stringMatching(new RegExp(`^${field}: expected`)) });
  expect(String(error)).not.toContain('canary');
  expect(await listSecrets(store, ADA)).toEqual([]);
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileStore } from '../../src/secrets/files';
import { findOwnerKey, ownerKey, rotateOwnerKey, viewOf } from '../../src/secrets/owner-key';
import { valuesToMask } from '../../src/secrets/values-to-mask';

let dir: string;
const open = () => createFileStore(path.join(dir, 'keys'));
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'perennial-keys-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('The pair is made on first use, and ssh-keygen reads it: ed25519, with the owner as comment.', async () => {
  expect(await findOwnerKey(open(), 'ada')).toBeNull();
  const key = await ownerKey(open(), 'ada');
  expect(await ownerKey(open(), 'ada')).toEqual(key);
  const file = path.join(dir, 'id_ed25519');
  writeFileSync(file, key.privateKey, { mode: 0o600 });
  const keygen = (...args: string[]) => execFileSync('ssh-keygen', args, { encoding: 'utf8' }).trim();
  expect(keygen('-y', '-P', '', '-f', file)).toBe(key.publicKey);
  writeFileSync(`${file}.pub`, key.publicKey);
  expect(keygen('-l', '-f', `${file}.pub`)).toBe(`256 ${key.fingerprint} ada@perennial (ED25519)`);
  expect(key).toMatchObject({ owner: 'ada', version: 1, earlier: [] });
  expect(key.privateKey.endsWith('\n')).toBe(true);
});

test('Makers at once end with the same pair.', async () => {
  const keys = await Promise.all(Array.from({ length: 10 }, () => ownerKey(open(), 'ada')));
  expect(new Set(keys.map(({ privateKey }) => privateKey)).size).toBe(1);
});

test('A rotation makes another pair, and the replaced one stays for masking alone.', async () => {
  const first = await ownerKey(open(), 'ada');
  const second = await rotateOwnerKey(open(), 'ada');
  expect(second.version).toBe(2);
  expect(second.fingerprint).not.toBe(first.fingerprint);
  expect(await ownerKey(open(), 'ada')).toEqual(second);
  expect(await valuesToMask(open(), { owner: 'ada', organization: 'acme' })).toEqual([second.privateKey, first.privateKey]);
  expect(JSON.stringify(viewOf(second))).not.toContain('PRIVATE');
  expect(JSON.stringify(await open().list({ kind: 'ssh-key', holder: 'owner/ada' }))).not.toContain('PRIVATE');
});

test('A rotation of a key that was never made makes one, and two rotations at once count both.', async () => {
  await rotateOwnerKey(open(), 'ada');
  const keys = await Promise.all([rotateOwnerKey(open(), 'ada'), rotateOwnerKey(open(), 'ada')]);
  expect(keys.map(({ version }) => version).sort()).toEqual([2, 3]);
});

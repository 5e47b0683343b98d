import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { createFileStore } from '../../src/secrets/files';
import { createSigningKeys, type SigningKeys } from '../../src/secrets/signing-keys';
import type { SecretStore } from '../../src/secrets/store';
import { mintToken, type TokenSubject, verifyToken, WORKSPACE_TOKEN_MS } from '../../src/secrets/tokens';

const NOW = Date.parse('2026-03-29T06:30:00.000Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OWNER: TokenSubject = { kind: 'owner', owner: 'ada' };
const WORKSPACE: TokenSubject = { kind: 'workspace', owner: 'ada', name: 'dev', id: 'abc123', build: 7 };
const SERVICE: TokenSubject = { kind: 'service', name: 'ci', scopes: ['ping', 'read'], organizations: ['default', 'acme'] };

let dir: string;
let store: SecretStore;
let keys: SigningKeys;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'perennial-keys-'));
  store = createFileStore(path.join(dir, 'keys'));
  keys = createSigningKeys(store, 'installation-1');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const mint = async (subject: TokenSubject, lifeMs = HOUR_MS, now = NOW) =>
  (await mintToken(keys, { subject, lifeMs }, now)).token;
const reasonOf = (text: string, now = NOW) => verifyToken(keys, text, now).catch((error) => error.reason ?? error);

test.each<[string, TokenSubject]>([
  ['owner/ada', OWNER],
  ['workspace/ada/dev', WORKSPACE],
  ['service/ci', SERVICE],
])('A token for %s is verified as what it was signed for.', async (subject, claims) => {
  const { token, expiresAt } = await mintToken(keys, { subject: claims, lifeMs: WORKSPACE_TOKEN_MS }, NOW);
  expect(expiresAt).toBe(NOW + 2 * HOUR_MS);
  expect(await verifyToken(keys, token, NOW)).toEqual({ ...claims, subject, expiresAt });
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: expect.any(String) });
  expect(decodeJwt(token)).toMatchObject({ iss: 'perennial', aud: 'installation-1', sub: subject });
});

test('A token ends with its life and begins with it, ten seconds of clock difference aside.', async () => {
  const token = await mint(OWNER);
  expect(await reasonOf(token, NOW + HOUR_MS + 9_000)).toMatchObject({ owner: 'ada' });
  expect(await reasonOf(token, NOW + HOUR_MS + 11_000)).toBe('expired');
  expect(await reasonOf(token, NOW - 11_000)).toBe('not-yet-valid');
});

test('Garbage, a token without a signature, and a changed one prove nothing.', async () => {
  const token = await mint(OWNER);
  const [head = '', body = '', signature = ''] = token.split('.');
  const foreign = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: 'owner/bob' })).toString('base64url');
  const none = new UnsecuredJWT(decodeJwt(token)).encode();
  for (const text of ['', '.', '..', 'ada', `${head}.${body}.`, `${head}.${body}`, none, ` ${token}`, 'x'.repeat(10_000)]) {
    expect(await reasonOf(text)).toMatch(/^(?:malformed|signature)$/);
  }
  expect(await reasonOf(`${head}.${foreign}.${signature}`)).toBe('signature');
});

test('No text makes verifying fail with anything but a refusal.', async () => {
  const token = await mint(OWNER);
  const changed = fc
    .tuple(fc.nat(token.length - 1), fc.string({ maxLength: 3 }))
    .map(([at, text]) => token.slice(0, at) + text + token.slice(at + 1));
  const parts = fc.array(
    fc.oneof(
      fc.base64String(),
      fc.json(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    ),
  );
  const texts = fc.oneof(
    changed,
    fc.string({ unit: 'binary' }),
    parts.map((each) => each.join('.')),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      // The last character of a signature has bits that are not part of it.
      const { subject, name } = await verifyToken(keys, text, NOW).catch((error) => error);
      expect([undefined, 'owner/ada']).toContain(subject);
      expect([undefined, 'TokenRefused']).toContain(name);
    }),
    { numRuns: 500 },
  );
});

test('Keys in the header, other algorithms, and an unknown key id are not believed.', async () => {
  await mint(OWNER);
  const kid = (await keys.signer(NOW)).kid;
  const pair = generateKeyPairSync('ed25519');
  const claims = {
    iss: 'perennial',
    aud: 'installation-1',
    sub: 'owner/ada',
    iat: NOW / 1e3,
    nbf: NOW / 1e3,
    exp: NOW / 1e3 + 60,
  };
  const sign = (header: Record<string, unknown>) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', ...header }).sign(pair.privateKey);
  const jwk = pair.publicKey.export({ format: 'jwk' });
  expect(await reasonOf(await sign({ kid }))).toBe('signature');
  expect(await reasonOf(await sign({ kid, jwk }))).toBe('signature');
  expect(await reasonOf(await sign({ kid: 'another', jwk }))).toBe('unknown-key');
  expect(await reasonOf(await sign({ jwk }))).toBe('unknown-key');
  const [info] = await store.list({ kind: 'signing-key', holder: 'installation' });
  const { x } = JSON.parse(JSON.stringify(info?.description)).keys[0];
  const hmac = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid });
  expect(await reasonOf(await hmac.sign(Buffer.from(x, 'base64url')))).toBe('malformed');
});

test('A token of another installation, and claims that no caller has, are refused.', async () => {
  const elsewhere = createSigningKeys(store, 'installation-2');
  const { token } = await mintToken(elsewhere, { subject: OWNER, lifeMs: HOUR_MS }, NOW);
  expect(await reasonOf(token)).toBe('audience');
  const { kid, key } = await keys.signer(NOW);
  const base = { iss: 'perennial', aud: 'installation-1', iat: NOW / 1e3, nbf: NOW / 1e3, exp: NOW / 1e3 + 60 };
  const sign = (claims: Record<string, unknown>) =>
    new SignJWT({ ...base, ...claims }).setProtectedHeader({ alg: 'EdDSA', kid, typ: 'JWT' }).sign(key);
  for (const claims of [
    {},
    { sub: 'owner' },
    { sub: 'owner/../bob' },
    { sub: 'owner/ada/dev' },
    { sub: 'root/ada' },
    { sub: 'workspace/ada/dev' },
    { sub: 'workspace/ada/dev', wid: 'x', build: '7' },
    { sub: 'service/ci', scope: 'read' },
    { sub: 'owner/ada', iss: 'somebody' },
    { sub: 'owner/ada', exp: undefined },
    { sub: 'owner/ada', nbf: undefined },
  ]) {
    expect([claims, await reasonOf(await sign(claims))]).toEqual([claims, 'claims']);
  }
});

test.each<[string, TokenSubject, number]>([
  ['no life', OWNER, 0],
  ['a life above 90 days', OWNER, 90 * DAY_MS + 1],
  ['an owner that is no name', { kind: 'owner', owner: 'ada/dev' }, HOUR_MS],
  ['a service without a scope', { ...SERVICE, scopes: [] } as TokenSubject, HOUR_MS],
  ['a service without an organization', { ...SERVICE, organizations: [] } as TokenSubject, HOUR_MS],
])('No token is signed for %s.', async (_, subject, lifeMs) => {
  await expect(mint(subject, lifeMs)).rejects.toMatchObject({ type: 'InvalidRequest' });
});

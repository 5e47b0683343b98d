/** Tokens that must not hold, in every shape, before Temporal is asked anything. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { exportSPKI, SignJWT } from 'jose';
import { HOUR_MS } from '../../src/contract/duration';
import { createSigningKeys } from '../../src/secrets/signing-keys';
import { mintToken } from '../../src/secrets/tokens';
import { type FakePerennial, fakePerennial, ITSELF, OWNER } from '../support/gateway/fake-perennial';
import { INSTALLATION, openFolderStore, startGateway, type TestGateway } from '../support/gateway/gateway-env';

const URL = '/v1/workspaces/ada/dev';

let perennial: FakePerennial;
let gateway: TestGateway;
let signer: Awaited<ReturnType<TestGateway['keys']['signer']>>;

beforeAll(async () => {
  perennial = fakePerennial();
  gateway = await startGateway(perennial.client);
  signer = await gateway.keys.signer(Date.now());
});
afterAll(() => gateway?.close());

interface Forged {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  key?: Parameters<SignJWT['sign']>[0];
  options?: Parameters<SignJWT['sign']>[1];
}

const now = () => Math.floor(Date.now() / 1_000);

/** A token that holds but for what is given. */
function forge({ header = {}, claims = {}, key = signer.key, options }: Forged = {}): Promise<string> {
  const at = now();
  const whole = { iss: 'perennial', aud: INSTALLATION, sub: 'owner/ada', iat: at, nbf: at, exp: at + 600, ...claims };
  return new SignJWT(whole).setProtectedHeader({ alg: 'EdDSA', kid: signer.kid, typ: 'JWT', ...header }).sign(key, options);
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = async (alg: string) => {
  const [, payload] = (await forge()).split('.');
  return `${encode({ alg, kid: signer.kid, typ: 'JWT' })}.${payload}.`;
};

async function publicPem(): Promise<string> {
  const verifier = await gateway.keys.verifier(signer.kid, Date.now());
  return exportSPKI(verifier as Parameters<typeof exportSPKI>[0]);
}

async function ofAnotherInstallation(): Promise<string> {
  const { store, remove } = openFolderStore();
  const { token } = await mintToken(createSigningKeys(store, 'another'), { subject: OWNER, lifeMs: HOUR_MS }, Date.now());
  remove();
  return token;
}

const otherKey = () => generateKeyPairSync('ed25519').privateKey;

/** What makes each token one that must not hold. */
const REFUSED: Record<string, () => Promise<string>> = {
  'one of nothing but dots': async () => '..',
  'one word': async () => 'garbage',
  'of the algorithm none': () => unsigned('none'),
  'of the algorithm None': () => unsigned('None'),
  'signed by HS256 with the public key': async () => {
    const key = new TextEncoder().encode(await publicPem());
    return forge({ header: { alg: 'HS256' }, key });
  },
  'signed by HS256 with the bytes of the public key': async () => {
    const { x = '' } = createPublicKey(await publicPem()).export({ format: 'jwk' });
    return forge({ header: { alg: 'HS256' }, key: Buffer.concat([Buffer.from(x, 'base64url'), Buffer.alloc(0)]) });
  },
  'signed by another key': () => forge({ key: otherKey() }),
  'signed by another key that its header brings': async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    return forge({ header: { jwk: publicKey.export({ format: 'jwk' }) }, key: privateKey });
  },
  'with an unknown key id': () => forge({ header: { kid: 'unknown' } }),
  'with the key id of a path': () => forge({ header: { kid: '../../etc/passwd' } }),
  'without a key id': () => forge({ header: { kid: undefined } }),
  'with a header that must be understood': () =>
    forge({ header: { crit: ['novelty'], novelty: 1 }, options: { crit: { novelty: true } } }),
  expired: () => forge({ claims: { exp: now() - 60 } }),
  'without an end': () => forge({ claims: { exp: undefined } }),
  'not yet valid': () => forge({ claims: { nbf: now() + 600 } }),
  'for another audience': () => forge({ claims: { aud: 'another' } }),
  'for no audience': () => forge({ claims: { aud: undefined } }),
  'of another issuer': () => forge({ claims: { iss: 'another' } }),
  'of another installation': ofAnotherInstallation,
  'with its claims changed': async () => {
    const [header, , signature] = (await forge()).split('.');
    return `${header}.${encode({ sub: 'owner/bob' })}.${signature}`;
  },
  'without its signature': async () => (await forge()).split('.').slice(0, 2).join('.'),
  'without a subject': () => forge({ claims: { sub: undefined } }),
  'of a subject of another kind': () => forge({ claims: { sub: 'admin/ada' } }),
  'of a subject with a path in it': () => forge({ claims: { sub: 'owner/../bob' } }),
  'of a workspace without a build': () => forge({ claims: { sub: 'workspace/ada/dev', wid: 'w1' } }),
  'of a service without scopes': () => forge({ claims: { sub: 'service/ci' } }),
  'longer than any token': async () => `${await forge()}${'A'.repeat(9_000)}`,
};

test('A token that is forged by the helper of this test without a change holds.', async () => {
  const headers = { authorization: `Bearer ${await forge()}` };
  expect((await gateway.server.inject({ url: URL, headers })).statusCode).toBe(200);
});

test.each(Object.keys(REFUSED))(
  'A token %s is answered 401, Temporal is asked nothing, and no log line has it.',
  async (name) => {
    perennial.asked.length = 0;
    const token = (await REFUSED[name]?.()) ?? '';
    const { statusCode, headers, body } = await gateway.server.inject({
      url: URL,
      headers: { authorization: `Bearer ${token}` },
    });
    expect([statusCode, headers['www-authenticate'], JSON.parse(body)]).toEqual([
      401,
      'Bearer',
      { error: { type: 'Unauthorized', message: expect.any(String) } },
    ]);
    expect(perennial.asked).toEqual([]);
    if (token.length > 10) expect([gateway.log().includes(token), body.includes(token)]).toEqual([false, false]);
  },
);

test.each([
  ['no header', () => ({})],
  ['an empty header', () => ({ authorization: '' })],
  ['another scheme', (token: string) => ({ authorization: `Basic ${token}` })],
  ['no scheme', (token: string) => ({ authorization: token })],
  ['two tokens in one header', (token: string) => ({ authorization: `Bearer ${token}, Bearer ${token}` })],
  ['the token in a header of another name', (token: string) => ({ 'x-authorization': `Bearer ${token}` })],
  ['the token of a proxy', (token: string) => ({ 'proxy-authorization': `Bearer ${token}` })],
  ['the token in a cookie', (token: string) => ({ cookie: `token=${token}; authorization=Bearer ${token}` })],
  ['the name of a user that a proxy would add', () => ({ 'x-forwarded-user': 'ada', 'x-remote-user': 'ada' })],
])('With %s a request is answered 401.', async (_, headersOf) => {
  const headers = headersOf(await forge()) as Record<string, string>;
  expect((await gateway.server.inject({ url: URL, headers })).statusCode).toBe(401);
});

test('A token in the query is none, and is in no log line.', async () => {
  const token = await forge();
  const { statusCode } = await gateway.server.inject({ url: `${URL}?access_token=${token}&token=${token}` });
  expect([statusCode, gateway.log().includes(token)]).toEqual([401, false]);
});

test.each([
  '/v1/workspaces/bob/../ada/dev',
  '/v1/workspaces/bob%2f..%2fada/dev',
  '/v1/workspaces/bob/..%2fada%2fdev',
  '/v1/workspaces/ada%2fdev',
  '/v1/workspaces/ada/dev%2f',
  '/v1/workspaces/ada/dev%00',
  '/v1/workspaces/ada/dev;x=1',
  '/v1/workspaces/ADA/dev',
  '/v1/workspaces/ada/dev/',
  '/v1/workspaces//ada/dev',
  '//v1/workspaces/ada/dev',
  '/V1/workspaces/ada/dev',
  '/v1/workspaces/ada/de%76/../dev',
  '/v1/workspaces/%61da/%2e%2e/ada/dev',
  `/v1/workspaces/ada/${'d'.repeat(300)}`,
])('The path %s leads another owner to nothing.', async (url) => {
  perennial.asked.length = 0;
  const headers = await gateway.as({ kind: 'owner', owner: 'bob' });
  const { statusCode } = await gateway.server.inject({ url, headers });
  expect([[400, 404].includes(statusCode), perennial.asked]).toEqual([true, []]);
});

test('A path that cannot be decoded is answered 400 in the form of every error.', async () => {
  const { statusCode, body } = await gateway.server.inject({ url: '/v1/workspaces/%zz/dev', headers: await gateway.as(OWNER) });
  expect([statusCode, JSON.parse(body)]).toEqual([400, { error: { type: 'InvalidRequest', message: expect.any(String) } }]);
});

test.each([
  ['x-http-method-override', 'DELETE'],
  ['x-original-url', '/v1/workspaces/bob/dev'],
  ['x-rewrite-url', '/v1/workspaces/bob/dev'],
  ['x-forwarded-for', '10.0.0.1'],
  ['x-request-id', 'chosen\\by-the-caller'],
])('The header %s changes nothing.', async (name, value) => {
  perennial.asked.length = 0;
  const headers = { ...(await gateway.as(OWNER)), [name]: value };
  const answer = await gateway.server.inject({ url: URL, headers });
  expect([answer.statusCode, perennial.asked]).toEqual([200, [['describe'], ['status']]]);
  expect(JSON.stringify(gateway.lines.at(-1))).not.toContain(value);
  expect(answer.headers['x-request-id']).not.toBe(value);
});

test('A token of a key that was replaced holds, and one of the new key too, in a copy that had read the keys before.', async () => {
  const other = await startGateway(perennial.client, {
    keys: createSigningKeys(gateway.store, INSTALLATION),
    store: gateway.store,
  });
  const status = async (headers: Record<string, string>) => (await other.server.inject({ url: URL, headers })).statusCode;
  try {
    const before = await gateway.as(ITSELF);
    expect(await status(before)).toBe(200);
    await gateway.keys.rotate(Date.now() + 6_000);
    expect(await status(before)).toBe(200);
  } finally {
    await other.close();
  }
});

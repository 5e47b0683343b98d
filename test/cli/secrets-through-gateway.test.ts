/** The commands on secrets and keys with a token and no store, through a real gateway, with a workspace on a real Temporal server. */
import type { AddressInfo } from 'node:net';
import type { TokenSubject } from '../../src/secrets/tokens';
import { run } from '../support/cli/command-line';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { until } from '../support/until';
import { type Stack, startStack, untilState } from '../support/workflows/temporal-env';

const CANARY = 'canary-of-the-secret-4711';
const ADA: TokenSubject = { kind: 'owner', owner: 'ada' };

let stack: Stack;
let gateway: TestGateway;
let url: string;

beforeAll(async () => {
  stack = await startStack('dev');
  await untilState(await stack.client.create({ owner: 'ada', name: 'dev', image: 'starter:1' }), 'running');
  await until('the workspace is listed', async () => (await stack.client.list({ owner: 'ada', state: 'running' })).length === 1);
  gateway = await startGateway(stack.client);
  await gateway.server.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(gateway.server.server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await gateway?.close();
  await stack?.close();
});

function perennial(args: string[], { subject = ADA, input = `${CANARY}\n` } = {}) {
  const readToken = async () => (await gateway.as(subject)).authorization.replace('Bearer ', '');
  const connect = () => Promise.reject(new Error('this command has no connection to Temporal'));
  return run(args, { connect, gateway: { url, readToken }, readSecret: async () => Buffer.from(input) });
}

test('A secret is set, listed, and deleted, by the name in the token, and its value is nowhere in the output.', async () => {
  const set = await perennial(['secret', 'set', 'ada', 'NPM_TOKEN', '--file', '.npmrc']);
  expect(set).toEqual({ code: 0, error: '', out: 'owner ada: NPM_TOKEN is set, version 1, as file ~/.npmrc\n' });
  const stored = await gateway.store.get({ kind: 'secret', holder: 'owner/ada', name: 'NPM_TOKEN' });
  expect(JSON.parse(String(stored?.value)).value).toBe(Buffer.from(CANARY).toString('base64'));
  const list = await perennial(['secret', 'list', 'ada', '--json']);
  expect(JSON.parse(list.out)).toMatchObject([{ name: 'NPM_TOKEN', target: { file: '.npmrc' }, version: 1, by: 'ada' }]);
  expect(await perennial(['secret', 'delete', 'ada', 'NPM_TOKEN'])).toMatchObject({ code: 0, error: '' });
  const again = await perennial(['secret', 'delete', 'ada', 'NPM_TOKEN']);
  expect(again).toMatchObject({ code: 1, error: expect.stringContaining('NotFound: owner ada has no secret NPM_TOKEN') });
  expect([set, list, again].map(({ out, error }) => out + error).join() + gateway.log()).not.toContain(CANARY);
});

test('A value of 64 KiB with any bytes arrives as it is.', async () => {
  const value = Buffer.alloc(64 * 1024, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
  const readToken = async () => (await gateway.as(ADA)).authorization.replace('Bearer ', '');
  const args = ['secret', 'set', 'ada', 'blob', '--file', 'blob'];
  expect(await run(args, { gateway: { url, readToken }, readSecret: async () => value })).toMatchObject({ code: 0, error: '' });
  const stored = await gateway.store.get({ kind: 'secret', holder: 'owner/ada', name: 'blob' });
  expect(JSON.parse(String(stored?.value)).value).toBe(value.toString('base64'));
});

test("An organization's secret needs a service with the scope admin there.", async () => {
  const args = ['secret', 'set', 'TOKEN', '--organization', 'default'];
  expect((await perennial(args)).code).toBe(1);
  const subject: TokenSubject = { kind: 'service', name: 'vault', scopes: ['admin'], organizations: ['default'] };
  expect(await perennial(args, { subject })).toMatchObject({ code: 0, error: '' });
  const list = await perennial(['secret', 'list', '--organization', 'default', '--json'], { subject });
  expect(JSON.parse(list.out)).toMatchObject([{ name: 'TOKEN', scope: 'organization', by: 'service/vault' }]);
});

test("Another owner's secrets and key do not exist for the caller.", async () => {
  await perennial(['secret', 'set', 'ada', 'NPM_TOKEN']);
  const subject: TokenSubject = { kind: 'owner', owner: 'eve' };
  for (const args of [
    ['secret', 'list', 'ada'],
    ['secret', 'set', 'ada', 'NPM_TOKEN'],
    ['key', 'show', 'ada'],
  ]) {
    expect(await perennial(args, { subject })).toMatchObject({ code: 1, error: expect.stringContaining('NotFound') });
  }
});

test('A key is shown, and a rotation makes another one.', async () => {
  const first = await perennial(['key', 'show', 'ada']);
  expect(first.out).toMatch(/^ssh-ed25519 \S+ ada@perennial\n$/);
  const rotated = await perennial(['key', 'rotate', 'ada', '--json']);
  expect(JSON.parse(rotated.out)).toMatchObject({ owner: 'ada', version: 2, delivered: [], holding: [] });
  expect((await perennial(['key', 'show', 'ada'])).out).not.toBe(first.out);
  expect(rotated.out).not.toContain('PRIVATE');
});

test('`--by` is refused, since the token says who asks, and tokens are made by who holds the store alone.', async () => {
  const by = await perennial(['secret', 'set', 'ada', 'NPM_TOKEN', '--by', 'grace']);
  expect(by).toMatchObject({ code: 1, error: expect.stringContaining('--by: expected none') });
  expect((await perennial(['token', 'create', '--owner', 'ada'])).code).toBe(1);
});

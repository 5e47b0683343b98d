/** Secrets and keys through the gateway, with workspaces on a real Temporal server. */
import type { KeyView, SecretView } from '../../src/contract/secrets';
import type { TokenSubject } from '../../src/secrets/tokens';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { until } from '../support/until';
import { type Stack, startStack, untilState } from '../support/workflows/temporal-env';

const ADA: TokenSubject = { kind: 'owner', owner: 'ada' };
const CANARY = 'canary-of-the-secret-4711';
const admin = (...organizations: string[]): TokenSubject => ({
  kind: 'service',
  name: 'vault',
  scopes: ['admin'],
  organizations,
});

let stack: Stack;
let gateway: TestGateway;

beforeAll(async () => {
  stack = await startStack('dev');
  await stack.client.organization('acme').create();
  await untilState(await stack.client.create({ owner: 'ada', name: 'dev', image: 'starter:1' }), 'running');
  // An owner with workspaces in two organizations.
  await stack.client.create({ owner: 'bob', name: 'dev', image: 'starter:1' });
  await stack.client.create({ owner: 'bob', name: 'other', image: 'starter:1', organization: 'acme' });
  await until('all are listed', async () => {
    const list = await stack.client.list();
    return list.length === 3 && list.every(({ organization }) => organization !== '');
  });
  gateway = await startGateway(stack.client);
});

afterAll(async () => {
  await gateway?.close();
  await stack?.close();
});

async function call(subject: TokenSubject, method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, payload?: object) {
  const headers = await gateway.as(subject);
  return gateway.server.inject({ method, url: `/v1/${path}`, headers, ...(payload && { payload }) });
}

test('A secret is set, listed, replaced, and deleted, and no answer and no log line has its value.', async () => {
  const path = 'owners/ada/secrets/NPM_TOKEN';
  const first = await call(ADA, 'PUT', path, { value: CANARY });
  expect([first.statusCode, first.json()]).toEqual([
    200,
    { name: 'NPM_TOKEN', scope: 'owner', target: { env: 'NPM_TOKEN' }, version: 1, at: expect.any(String), by: 'ada' },
  ]);
  const value = Buffer.from(`${CANARY}\0`).toString('base64');
  const file = await call(ADA, 'PUT', path, { value, encoding: 'base64', target: { file: '.npmrc' } });
  expect(file.json<SecretView>()).toMatchObject({ target: { file: '.npmrc' }, version: 2 });
  const one = await call(ADA, 'GET', path);
  const all = await call(ADA, 'GET', 'owners/ada/secrets');
  expect([one.json(), all.json()]).toEqual([file.json(), [file.json()]]);
  expect((await call(ADA, 'DELETE', path)).statusCode).toBe(200);
  const gone = [await call(ADA, 'GET', path), await call(ADA, 'DELETE', path)];
  expect(gone.map(({ statusCode }) => statusCode)).toEqual([404, 404]);
  const seen = [first, file, one, all, ...gone].map(({ body }) => body).join() + gateway.log();
  expect(seen).not.toContain(CANARY);
  expect(seen).not.toContain(value);
});

test('A change of a secret reaches the workspaces of the owner by a signal without the value.', async () => {
  const handle = stack.client.temporal.workflow.getHandle('workspace/ada/dev');
  await call(ADA, 'PUT', 'owners/ada/secrets/SIGNALLED', { value: CANARY });
  const { events } = await handle.fetchHistory();
  const signals = (events ?? []).filter(
    ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'secretsChanged',
  );
  expect(signals.length).toBeGreaterThanOrEqual(2);
  const text = Buffer.from(JSON.stringify(events)).toString();
  expect([text.includes(CANARY), text.includes(Buffer.from(CANARY).toString('base64').slice(0, 20))]).toEqual([false, false]);
});

test.each([
  ['no value', {}, 400],
  ['an empty value', { value: '' }, 400],
  ['a value that is no text', { value: 7 }, 400],
  ['what is no base64', { value: '%%%', encoding: 'base64' }, 400],
  ['a value of 64 KiB', { value: 'v'.repeat(64 * 1024), target: { file: 'big' } }, 200],
  ['a value of 64 KiB of escaped characters', { value: '\u0001'.repeat(64 * 1024), target: { file: 'big' } }, 200],
  ['a value above 64 KiB', { value: 'v'.repeat(64 * 1024 + 1) }, 413],
  ['a body far above it', { value: 'v'.repeat(500 * 1024) }, 413],
  ['two targets', { value: CANARY, target: { env: 'A', file: 'a' } }, 400],
  ['a variable of its own', { value: CANARY, target: { env: 'PATH' } }, 400],
  ['a path out of the home', { value: CANARY, target: { file: '../x' } }, 400],
])('A secret with %s is answered as it should be, and a refusal does not quote the value.', async (_, payload, status) => {
  const answer = await call(ADA, 'PUT', 'owners/ada/secrets/checked', payload);
  expect(answer.statusCode).toBe(status);
  if (status !== 200) expect(answer.body).not.toContain(CANARY);
});

test.each([
  ['the owner', ADA, 'owners/ada', 200],
  ['another owner', { kind: 'owner', owner: 'bob' }, 'owners/ada', 404],
  ['a workspace of the owner', { kind: 'workspace', owner: 'ada', name: 'dev', id: 'x', build: 1 }, 'owners/ada', 403],
  ['a service that administers the organization', admin('default'), 'owners/ada', 200],
  ['a service without the scope', { ...admin('default'), scopes: ['read', 'operate', 'ping'] }, 'owners/ada', 403],
  ['a service of another organization', admin('acme'), 'owners/ada', 404],
  ['a service that administers one of two organizations', admin('default'), 'owners/bob', 404],
  ['a service that administers both', admin('default', 'acme'), 'owners/bob', 200],
  ['a service, of an owner without a workspace', admin('default'), 'owners/carol', 404],
  ['a service that administers it', admin('acme'), 'organizations/acme', 200],
  ['a service of another one', admin('default'), 'organizations/acme', 404],
  ['a service without the scope', { ...admin('acme'), scopes: ['operate'] }, 'organizations/acme', 403],
  ['an owner', ADA, 'organizations/default', 404],
] as [string, TokenSubject, string, number][])(
  'On the secrets of the holder, %s (%j) of %s is answered %s on every route.',
  async (_, subject, holder, status) => {
    const secret = `${holder}/secrets/shared`;
    const answers = [
      await call(subject, 'PUT', secret, { value: CANARY }),
      await call(subject, 'GET', secret),
      await call(subject, 'GET', `${holder}/secrets`),
      await call(subject, 'DELETE', secret),
      ...(holder.startsWith('owners') ? [await call(subject, 'GET', `${holder}/key`)] : []),
    ];
    expect([...new Set(answers.map(({ statusCode }) => statusCode))]).toEqual([status]);
    if (status !== 200)
      expect(await gateway.store.list({ kind: 'secret', holder: holder.replace('s/', '/') })).not.toContainEqual(
        expect.objectContaining({ name: 'shared', description: expect.objectContaining({ deleted: false }) }),
      );
  },
);

test('A key is made when it is first shown, and a rotation answers the new one; neither answers the private key.', async () => {
  const shown = await call(ADA, 'GET', 'owners/ada/key');
  const again = await call(ADA, 'GET', 'owners/ada/key');
  expect(shown.json<KeyView>()).toMatchObject({ owner: 'ada', version: 1, fingerprint: expect.stringMatching(/^SHA256:/) });
  expect(again.json()).toEqual(shown.json());
  const rotated = await call(ADA, 'POST', 'owners/ada/key/rotate');
  expect(rotated.json()).toMatchObject({ version: 2, delivered: [], holding: [] });
  expect(rotated.json<KeyView>().fingerprint).not.toBe(shown.json<KeyView>().fingerprint);
  expect(shown.body + rotated.body + gateway.log()).not.toMatch(/PRIVATE KEY/);
});

test('Each change of a secret or a key leaves an audit line with who and what.', () => {
  const changes = gateway.lines.filter(({ audit }) => audit).map(({ change }) => change);
  expect(new Set(changes)).toEqual(new Set(['setSecret', 'deleteSecret', 'rotateKey']));
});

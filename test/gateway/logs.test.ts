import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeFailure } from '../../src/runtimes/failure';
import { createMemoryRuntime, type MemoryRuntime } from '../../src/runtimes/memory';
import { setSecret } from '../../src/secrets/named-secrets';
import type { TokenSubject } from '../../src/secrets/tokens';
import { build } from '../support/cli/command-line';
import { type FakeWorkspace, fakeWorkspace } from '../support/gateway/fake-workspace';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { patiently } from '../support/runtimes/contract';
import { HOME } from '../support/runtimes/contract-harness';

const LOG = { id: 'w1', organization: 'default', build: 1, step: 'configure' };
const URL_OF_LOG = '/v1/workspaces/ada/dev/builds/1/logs/configure';
const SECRET = 'correct-horse-battery-staple';

let runtime: MemoryRuntime;
let workspace: FakeWorkspace;
let gateway: TestGateway;
beforeEach(async () => {
  runtime = createMemoryRuntime();
  await runtime.prepareHome(HOME, patiently());
  const steps = build().steps.map((step) => (step.name === 'configure' ? { ...step, lastLines: ['a', 'b'] } : step));
  workspace = fakeWorkspace({ build: async () => build({ steps }) });
  gateway = await startGateway(workspace.client, { runtime });
});
afterEach(() => gateway.close());

const get = async (url = URL_OF_LOG, subject: TokenSubject = { kind: 'owner', owner: 'ada' }) =>
  gateway.server.inject({ url, headers: await gateway.as(subject) });

test('The whole log comes masked, with a header that says that it is whole.', async () => {
  const holder = { scope: 'owner', name: 'ada' } as const;
  const secret = { name: 'PASSWORD', target: { env: 'PASSWORD' }, value: Buffer.from(SECRET), by: 'ada' };
  await setSecret(gateway.store, { holder, ...secret });
  runtime.writeLog(LOG, `one\nit is ${SECRET}\nin base64 ${Buffer.from(SECRET).toString('base64')}\nlast`);
  const { statusCode, headers, body } = await get();
  expect([statusCode, headers['perennial-log'], headers['content-type']]).toEqual([200, 'whole', 'text/plain; charset=utf-8']);
  expect(body).toMatch(/^one\nit is \*\*\*\nin base64 \*\*\*=*\nlast$/);
});

test('A large log comes completely, and is read no faster than its reader takes it.', async () => {
  const line = `${'x'.repeat(99)}\n`;
  runtime.writeLog(LOG, line.repeat(100_000));
  const read = jest.spyOn(runtime, 'readLog');
  const url = new URL(URL_OF_LOG, await gateway.server.listen({ port: 0, host: '127.0.0.1' }));
  const headers = await gateway.as({ kind: 'owner', owner: 'ada' });
  const bytes = await new Promise<number>((resolve, reject) => {
    request(url, { headers }, async (response) => {
      await delay(500);
      expect(read.mock.calls.length).toBeLessThan(9);
      let count = 0;
      for await (const part of response) count += (part as Buffer).length;
      resolve(count);
    })
      .on('error', reject)
      .end();
  });
  expect(bytes).toBe(10_000_000);
});

test.each([
  ['is not there', () => undefined],
  ['cannot be read from here', () => jest.spyOn(runtime, 'readLog').mockRejectedValue(unavailable())],
])('Where the log %s the last lines come, and the header says so.', async (_, arrange) => {
  arrange();
  const { statusCode, headers, body } = await get();
  expect([statusCode, headers['perennial-log'], body]).toEqual([200, 'last-lines', 'a\nb\n']);
});

test('A store that does not answer gives no log, since its secrets could not be masked.', async () => {
  runtime.writeLog(LOG, 'one\n');
  jest.spyOn(gateway.store, 'list').mockRejectedValue(unavailable());
  const { statusCode, body } = await get();
  expect(statusCode).toBe(503);
  expect(body).not.toContain('one');
});

test.each([
  ['a build that is not there yet', URL_OF_LOG.replace('/1/', '/2/'), 404],
  ['a step that has no log', URL_OF_LOG.replace('configure', 'admit'), 400],
  ['a path out of the folder of logs', URL_OF_LOG.replace('configure', '..%2F..%2Fetc%2Fpasswd'), 400],
])('Of %s there is none.', async (_, url, status) => {
  runtime.writeLog(LOG, 'one\n');
  expect((await get(url)).statusCode).toBe(status);
});

test.each<[string, TokenSubject, number]>([
  ['Another owner', { kind: 'owner', owner: 'bob' }, 404],
  ['A service', { kind: 'service', name: 'ci', scopes: ['admin', 'operate', 'read'], organizations: ['default'] }, 403],
  ['The workspace itself', { kind: 'workspace', owner: 'ada', name: 'dev', id: 'w1', build: 1 }, 403],
])('%s may not read it.', async (_, subject, status) => {
  runtime.writeLog(LOG, 'one\n');
  expect((await get(URL_OF_LOG, subject)).statusCode).toBe(status);
});

function unavailable(): RuntimeFailure {
  return new RuntimeFailure('RuntimeUnavailable', 'it does not answer');
}

/** What HTTP itself has to do: methods, bodies, limits, errors, logs. */
import { connect } from 'node:net';
import fc from 'fast-check';
import { RequestFailure } from '../../src/client';
import { RuntimeFailure } from '../../src/runtimes/failure';
import { type FakePerennial, fakePerennial, ITSELF, OWNER } from '../support/gateway/fake-perennial';
import { type GatewayOptions, startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { WORKSPACE_ROUTES } from '../support/gateway/routes';
import { until } from '../support/until';

const URL = '/v1/workspaces/ada/dev';

let perennial: FakePerennial;
let gateway: TestGateway;
const open = async (options: GatewayOptions = {}) => {
  perennial = fakePerennial();
  gateway = await startGateway(perennial.client, options);
};
beforeEach(() => open());
afterEach(() => gateway.close());

type Call = { method?: string; url?: string; payload?: string | object; headers?: Record<string, string> };

async function call({ method = 'POST', url = `${URL}/rebuild`, payload, headers = {} }: Call) {
  const all = { ...(await gateway.as(OWNER)), ...headers };
  return gateway.server.inject({ method: method as 'POST', url, headers: all, ...(payload !== undefined && { payload }) });
}

const error = (type: string) => ({ error: { type, message: expect.any(String) } });
const json = { 'content-type': 'application/json' };

test.each([
  ['PUT', URL, 'DELETE, GET, HEAD, PATCH'],
  ['GET', `${URL}/stop`, 'POST'],
  ['DELETE', `${URL}/ping`, 'POST'],
  ['POST', '/v1/workspaces', 'GET, HEAD'],
  ['OPTIONS', `${URL}/explain`, 'GET, HEAD'],
  ['POST', '/openapi.json', 'GET, HEAD'],
])('%s %s is answered 405 with the methods that are there, and without a token 401.', async (method, url, allow) => {
  const answer = await call({ method, url });
  expect([answer.statusCode, answer.headers.allow, answer.json()]).toEqual([405, allow, error('MethodNotAllowed')]);
  expect((await gateway.server.inject({ method: method as 'PUT', url })).statusCode).toBe(401);
});

test('A path of no route is answered 404 with a token, and 401 without one.', async () => {
  const answer = await call({ method: 'GET', url: '/v2/workspaces' });
  expect([answer.statusCode, answer.json()]).toEqual([404, error('NotFound')]);
  expect((await gateway.server.inject({ url: '/v2/workspaces' })).statusCode).toBe(401);
});

test.each([41, 300, 8_000])('A name of %d characters in a path is answered 404, and without a token 401.', async (length) => {
  const url = `/v1/workspaces/ada/${'d'.repeat(length)}`;
  const answer = await call({ method: 'GET', url });
  expect([answer.statusCode, answer.json()]).toEqual([404, error('NotFound')]);
  expect((await gateway.server.inject({ url })).statusCode).toBe(401);
});

test.each([
  ['no JSON', '{', json, 400],
  ['a list', [], json, 400],
  ['a text', '"stop"', json, 400],
  ['null', 'null', json, 400],
  ['a number for a text', { reason: 7 }, json, 400],
  ['a long text', { reason: 'r'.repeat(401) }, json, 400],
  ['a text of 201 characters', { reason: 'r'.repeat(201) }, json, 400],
  ['a text of 200 characters, each of two units', { reason: '😀'.repeat(200) }, json, 200],
  ['a prototype', '{"__proto__":{"image":"x"}}', json, 400],
  ['a constructor', '{"constructor":{"prototype":{"image":"x"}}}', json, 400],
  ['a form', 'reason=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ['plain text', '{}', { 'content-type': 'text/plain' }, 415],
  ['more than 64 KiB', { reason: 'r'.repeat(65 * 1024) }, json, 413],
  ['nothing at all', undefined, {}, 200],
  ['nothing, as JSON', '', json, 200],
  ['nothing, as a form, as wget sends it', '', { 'content-type': 'application/x-www-form-urlencoded' }, 200],
  ['an unknown field', { novelty: 1 }, json, 200],
  ['null for a field', { reason: null }, json, 200],
])('A body of %s is answered as it should be, and what is refused reaches no workspace.', async (_, payload, headers, status) => {
  const answer = await call({ headers, ...(payload !== undefined && { payload }) });
  expect(answer.statusCode).toBe(status);
  if (status === 200) return;
  expect(answer.json()).toEqual(error(status === 413 ? 'TooLarge' : 'InvalidRequest'));
  expect(perennial.asked.map(([name]) => name)).not.toContain('rebuild');
});

test('A ping with a text that the workspace would refuse is answered 400, and does not replace a held one.', async () => {
  await gateway.close();
  await open({ limits: { pingWindowMs: 3_000 } });
  const url = `${URL}/ping`;
  await call({ url, payload: { via: 'ide' } });
  expect((await call({ url, payload: { via: 'ssh' } })).json()).toEqual({ outcome: 'held' });
  for (const field of ['via', 'session']) {
    const answer = await call({ url, payload: { [field]: 'v'.repeat(201) } });
    const message = `${field}: expected text of at most 200 characters, got 201`;
    expect([answer.statusCode, answer.json()]).toEqual([400, { error: { type: 'InvalidRequest', message } }]);
  }
  const pings = () => perennial.asked.filter(([name]) => name === 'ping').map(([, input]) => input);
  await until('the held ping is forwarded', () => pings().length > 1);
  expect(pings()).toEqual([{ via: 'ide' }, { via: 'ssh', at: expect.any(String) }]);
});

test('A refused field is named with what was expected.', async () => {
  expect((await call({ payload: { reason: 7, env: { A: 1 } } })).json()).toEqual({
    error: { type: 'InvalidRequest', message: 'reason: expected string, got number; env.A: expected string, got number' },
  });
});

test('Whatever JSON comes, a route answers it or refuses it in the form of every error, and never fails.', async () => {
  const routes = WORKSPACE_ROUTES.filter(({ method }) => method !== 'GET');
  const field = fc.constantFrom(
    'reason',
    'image',
    'env',
    'resources',
    'autoStart',
    'autoOff',
    'dotfiles',
    'purge',
    'via',
    'at',
    'by',
  );
  const body = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async ({ method, path }, payload) => {
      const answer = await call({ method, url: `${URL}${path}`, payload: JSON.stringify(payload), headers: json });
      expect([200, 202, 400]).toContain(answer.statusCode);
      if (answer.statusCode === 400) expect(answer.json()).toEqual(error('InvalidRequest'));
    }),
    { numRuns: 300 },
  );
});

const REFUSALS: [RequestFailure | RuntimeFailure, number][] = [
  [new RequestFailure('InvalidRequest', 'image: wrong'), 400],
  [new RequestFailure('NotAllowed', 'no'), 403],
  [new RequestFailure('QuotaExceeded', 'no'), 403],
  [new RequestFailure('NotFound', 'purged'), 404],
  [new RequestFailure('AlreadyExists', 'there'), 409],
  [new RequestFailure('Unavailable', 'away'), 503],
  [new RuntimeFailure('RuntimeUnavailable', 'away'), 503],
];

test.each(REFUSALS.map(([failure, status]) => [failure.type, status, failure] as const))(
  'A refusal of type %s keeps its type and sentence, with the status %s.',
  async (_, status, failure) => {
    const headers = await gateway.as(OWNER);
    let isAllowed = true;
    perennial.meets = async () => {
      // The first call asks who may see the workspace.
      if (!isAllowed) throw failure;
      isAllowed = false;
    };
    const answer = await gateway.server.inject({ method: 'POST', url: `${URL}/stop`, headers });
    const { type, message } = failure;
    expect([answer.statusCode, answer.json()]).toEqual([status, { error: { type, message } }]);
  },
);

test('An unknown error is answered 500 without its sentence, which is in the log.', async () => {
  perennial.meets = async () => {
    throw new Error('the inside of something');
  };
  const answer = await call({ url: `${URL}/stop` });
  expect([answer.statusCode, answer.json()]).toEqual([500, error('Failed')]);
  expect([answer.body, gateway.log()].map((text) => text.includes('the inside of something'))).toEqual([false, true]);
});

test('A subject that calls too often is answered 429 with Retry-After; another subject, and its pings, are not.', async () => {
  await gateway.close();
  await open({ limits: { callsPerMinute: 5 } });
  const statuses = async (headers: object, request: Call, count: number) =>
    Promise.all(Array.from({ length: count }, async () => call({ ...request, headers: headers as Record<string, string> })));
  const reads = await statuses({}, { method: 'GET', url: URL }, 8);
  expect(reads.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  const refused = reads.find(({ statusCode }) => statusCode === 429);
  expect([Number(refused?.headers['retry-after']) > 0, refused?.json()]).toEqual([true, error('TooManyRequests')]);
  const others = await statuses(await gateway.as(ITSELF), { method: 'GET', url: URL }, 2);
  const pings = await statuses({}, { url: `${URL}/ping` }, 20);
  expect(others.concat(pings).every(({ statusCode }) => statusCode < 300)).toBe(true);
});

test('An address that has many tokens refused is answered 429, but not with a valid token, and not about health.', async () => {
  await gateway.close();
  await open({ limits: { refusalsPerMinute: 3 } });
  const statuses: number[] = [];
  for (let count = 0; count < 6; count += 1) statuses.push((await gateway.server.inject({ url: URL })).statusCode);
  expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
  expect((await call({ method: 'GET', url: URL })).statusCode).toBe(200);
  expect((await gateway.server.inject({ url: '/healthz' })).statusCode).toBe(200);
});

test('A caller to whom Temporal does not answer is answered 503 in time.', async () => {
  await gateway.close();
  await open({ limits: { answerWithinMs: 100 } });
  Object.assign(perennial.client.temporal, {
    withDeadline: (deadline: number, work: () => Promise<unknown>) =>
      Promise.race([
        work(),
        new Promise((_, reject) => setTimeout(() => reject(new RequestFailure('Unavailable', 'late')), deadline - Date.now())),
      ]),
  });
  perennial.meets = () => new Promise(() => {});
  const answer = await call({ method: 'GET', url: URL });
  expect([answer.statusCode, answer.json()]).toEqual([503, error('Unavailable')]);
});

test('Each change leaves one audit line with who, what, and the outcome, also where it was refused; a read leaves none.', async () => {
  await call({ url: `${URL}/stop`, payload: { reason: 'a private matter' } });
  const headers = await gateway.as({ kind: 'service', name: 'ci', scopes: ['ping'], organizations: ['default'] });
  await call({ method: 'DELETE', url: URL, headers });
  await call({ method: 'GET', url: URL });
  await until('the lines are written', () => gateway.lines.filter(({ msg }) => msg === 'request: answered').length === 3);
  const audit = gateway.lines.filter((line) => line.audit);
  expect(audit).toMatchObject([
    { change: 'stop', by: 'ada', subject: 'owner/ada', owner: 'ada', name: 'dev', outcome: 'accepted', status: 200 },
    { change: 'delete', by: 'service/ci', subject: 'service/ci', owner: 'ada', name: 'dev', outcome: 'NotAllowed', status: 403 },
  ]);
  expect(audit.every(({ reqId }) => typeof reqId === 'string')).toBe(true);
  expect(gateway.log()).not.toContain('a private matter');
});

test('Bytes that are no HTTP are answered 400 in the form of every error.', async () => {
  await gateway.server.listen({ host: '127.0.0.1', port: 0 });
  const address = gateway.server.server.address() as { port: number };
  const socket = connect(address.port, '127.0.0.1').setEncoding('utf8');
  let answer = '';
  socket.on('data', (text) => {
    answer += text;
  });
  socket.write('no http at all\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual(error('InvalidRequest'));
});

test('Readiness names the part that does not answer, and health depends on no other part.', async () => {
  expect((await gateway.server.inject({ url: '/readyz' })).statusCode).toBe(200);
  await gateway.close();
  await open();
  perennial.meets = async () => {
    throw new Error('no connection');
  };
  const answer = await gateway.server.inject({ url: '/readyz' });
  expect([answer.statusCode, answer.json()]).toEqual([
    503,
    { error: { type: 'Unavailable', message: 'Temporal does not answer' } },
  ]);
  expect((await gateway.server.inject({ url: '/healthz' })).json()).toEqual({ status: 'ok' });
});

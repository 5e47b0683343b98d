/** The list of workspaces in pages, on a real Temporal server. */
import { createHash } from 'node:crypto';
import type { WorkspaceSummary } from '../../src/client';
import { gatewayClient } from '../../src/client/gateway/client';
import { createGatewayHttp } from '../../src/client/gateway/http';
import { IS_OPEN_CLAUSE } from '../../src/contract/workflow-status';
import { readUnsuspended } from '../../src/gateway/list';
import type { TokenSubject } from '../../src/secrets/tokens';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { until } from '../support/until';
import { type Stack, startStack } from '../support/workflows/temporal-env';

const ADA: TokenSubject = { kind: 'owner', owner: 'ada' };
const BOB: TokenSubject = { kind: 'owner', owner: 'bob' };
const reader = (...organizations: string[]): TokenSubject => ({ kind: 'service', name: 'ci', scopes: ['read'], organizations });
const OF_ADA = ['ada/a', 'ada/b', 'ada/c', 'ada/d', 'ada/e'];
const OF_BOB = ['bob/a', 'bob/b', 'bob/c'];
const ACME = ['ada/d', 'ada/e', ...OF_BOB];

const OPEN = `WorkflowType='workspace' AND ${IS_OPEN_CLAUSE}`;
const digested = (query: string, position: string) =>
  `${createHash('sha256').update(`${query} ${position}`).digest('base64url').slice(0, 16)}.${position}`;

let stack: Stack;
let gateway: TestGateway;
let url: string;
let suspendedOwners: Record<string, string[]>;
let now: number;

beforeAll(async () => {
  stack = await startStack('dev');
  await stack.client.organization('acme').create();
  for (const workspace of [...OF_ADA, ...OF_BOB]) {
    const [owner = '', name = ''] = workspace.split('/');
    const organization = ACME.includes(workspace) ? 'acme' : 'default';
    await stack.client.create({ owner, name, image: 'starter:1', organization });
  }
  await until('all are listed', async () => {
    const list = await stack.client.list();
    return list.length === 8 && list.every(({ organization, state }) => organization !== '' && state === 'running');
  });
  const organization = (name: string) => ({ policy: async () => ({ suspendedOwners: suspendedOwners[name] ?? [] }) });
  gateway = await startGateway({ ...stack.client, organization } as never, { now: () => now });
  url = `${await gateway.server.listen({ port: 0, host: '127.0.0.1' })}/v1/workspaces`;
});
beforeEach(() => {
  suspendedOwners = {};
  // What the gateway knew of a policy is too old.
  now = (now ?? Date.now()) + 60_000;
});
afterAll(async () => {
  await gateway?.close();
  await stack?.close();
});

/** One page, by name, and the URL of the next one. */
async function page(subject: TokenSubject, address: URL | string) {
  const response = await fetch(new URL(address, url), { headers: await gateway.as(subject) });
  const body = (await response.json()) as WorkspaceSummary[] & { error: { type: string; message: string } };
  const link = /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
  const next = link === undefined ? null : new URL(link, response.url);
  return { status: response.status, body, next };
}

/** The names of each page, from the first one to the last. */
async function pages(subject: TokenSubject, query: string): Promise<string[][]> {
  const names: string[][] = [];
  for (let address: URL | null = new URL(query, url); address !== null; ) {
    const { status, body, next } = await page(subject, address);
    expect(status).toBe(200);
    names.push(body.map(({ workspace }) => workspace));
    address = next;
  }
  return names;
}

test.each([
  ['an owner', ADA, '', OF_ADA],
  ['a service with two organizations', reader('default', 'acme'), '', [...OF_ADA, ...OF_BOB]],
  ['a service whose token names an organization twice', reader('default', 'acme', 'acme'), '', [...OF_ADA, ...OF_BOB]],
  ['a service with one organization', reader('acme'), '', ACME],
  ['a service that asks for one of its organizations', reader('default', 'acme'), '&organization=acme', ACME],
  ['a service that asks for an owner', reader('acme'), '&owner=bob', OF_BOB],
  ['a service that asks for a state', reader('default', 'acme'), '&state=running', [...OF_ADA, ...OF_BOB]],
  ['a service that asks for a state that none has', reader('acme'), '&state=off', []],
])('The pages of %s have what the whole list has, each workspace once.', async (_, subject, query, expected) => {
  const found = await pages(subject, `?limit=2${query}`);
  expect(found.every((names) => names.length <= 2)).toBe(true);
  expect(found.flat().sort()).toEqual(expected);
  const whole = await page(subject, `?${query}`);
  expect([whole.body.map(({ workspace }) => workspace), whole.next]).toEqual([expected, null]);
  const one = await page(subject, `?limit=1000${query}`);
  const byName = (a: WorkspaceSummary, b: WorkspaceSummary) => a.workspace.localeCompare(b.workspace);
  expect([[...one.body].sort(byName), one.next]).toEqual([whole.body, null]);
});

test('The token of a page continues only the list of its filter, and shows a caller nothing of another one.', async () => {
  const all = reader('default', 'acme');
  const { next } = await page(all, '?limit=2');
  const token = next?.searchParams.get('pageToken') ?? '';
  for (const [subject, query] of [
    [ADA, ''],
    [BOB, ''],
    [reader('acme'), ''],
    [all, '&state=running'],
    [all, '&owner=ada'],
  ] as const) {
    const { status, body } = await page(subject, `?limit=1${query}&pageToken=${token}`);
    expect([status, body.error.type, body.error.message]).toEqual([
      400,
      'InvalidRequest',
      'pageToken: expected the token of the page before, of the same filter, got another one',
    ]);
  }
  const own = (await page(BOB, '?limit=1')).next?.searchParams.get('pageToken') ?? '';
  const spliced = [own.split('.')[0], token.split('.')[1]].join('.');
  expect((await page(BOB, `?limit=1000&pageToken=${spliced}`)).status).toBe(400);
  // The position of another list in a token that is otherwise right: Temporal is still asked for the caller's own.
  const foreign = digested(`${OPEN} AND Owner='bob'`, token.split('.')[1] ?? '');
  const found = await page(BOB, `?limit=1000&pageToken=${foreign}`);
  expect([found.status, found.body.map(({ workspace }) => workspace)]).toEqual([200, ['bob/a']]);
});

test('A limit out of bounds and a token that is none are refused with 400, and a token without a limit has a page of 100.', async () => {
  const own = (await page(ADA, '?limit=2')).next?.searchParams.get('pageToken') ?? '';
  const digest = own.split('.')[0];
  for (const query of ['limit=0', 'limit=1001', 'limit=1.5', 'limit=x', 'limit=', 'limit=1&limit=2'])
    expect([query, (await page(ADA, `?${query}`)).body.error]).toEqual([
      query,
      { type: 'InvalidRequest', message: expect.stringMatching(/^limit: /) },
    ]);
  for (const token of ['', 'x', 'a.b', `${digest}.`, `${digest}.aaaa`, `${own}.${own}`])
    expect([token, (await page(ADA, `?limit=2&pageToken=${token}`)).body.error]).toEqual([
      token,
      { type: 'InvalidRequest', message: expect.stringMatching(/^pageToken: /) },
    ]);
  expect((await page(ADA, `?pageToken=${own}`)).body).toHaveLength(3);
});

test('Pages leave out the organizations that suspend the owner, and pass over a page that is empty without them.', async () => {
  suspendedOwners = { acme: ['ada'] };
  expect(await pages(ADA, '?limit=1')).toEqual([['ada/c'], ['ada/b'], ['ada/a'], []]);
  expect((await pages(ADA, '?limit=2')).flat()).toEqual(['ada/c', 'ada/b', 'ada/a']);
  suspendedOwners = { acme: ['bob'] };
  now += 60_000;
  const { status, body } = await page(BOB, '?limit=1');
  expect([status, body.error.message]).toEqual([401, 'the organization acme has suspended bob']);
});

test('One call passes over ten pages without anything to show, and names the next one.', async () => {
  const asked: (string | null)[] = [];
  const read = async (token: string | null) => {
    asked.push(token);
    return { workspaces: [{ organization: 'acme' } as WorkspaceSummary], next: String(asked.length) };
  };
  const context = { isSuspended: async () => true } as never;
  expect(await readUnsuspended(context, 'ada', { read, from: null })).toEqual({ workspaces: [], next: '11' });
  expect(asked).toHaveLength(11);
});

test('A client of the gateway reads page by page, and has the list of the client of Temporal.', async () => {
  const readToken = async () => (await gateway.as(reader('default', 'acme'))).authorization.slice('Bearer '.length);
  const http = createGatewayHttp({ url: new URL(url).origin, readToken });
  const asked: string[] = [];
  const open: typeof http.open = (path, options) => {
    asked.push(path);
    return http.open(path.replace('limit=1000', 'limit=3'), options);
  };
  expect(await gatewayClient({ ...http, open }).list({ state: 'running' })).toEqual(await stack.client.list());
  expect(asked).toHaveLength(3);
});

test('The document names the bounds of a page, and the header of the next one.', async () => {
  const document = (await gateway.server.inject({ url: '/openapi.json' })).json();
  const { parameters, description } = document.paths['/v1/workspaces'].get;
  const limit = parameters.find(({ name }: { name: string }) => name === 'limit');
  expect(limit).toMatchObject({ required: false, schema: { type: 'integer', minimum: 1, maximum: 1000 } });
  expect(limit.description ?? limit.schema.description).toMatch(/whole list .* a page of 100$/);
  expect(description).toMatch(/header Link .* rel="next"/);
});

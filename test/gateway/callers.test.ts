/** Every route with every kind of caller, on a real Temporal server. */
import type { WorkspaceHandle } from '../../src/client';
import { as, startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { type Stack, startStack, untilState } from '../support/workflows/temporal-env';

let stack: Stack;
let gateway: TestGateway;
let workspace: WorkspaceHandle;
let itself: { id: string; build: number };

beforeAll(async () => {
  stack = await startStack('dev');
  await stack.client.organization('acme').create();
  workspace = await stack.client.create({ owner: 'ada', name: 'dev', image: 'starter:1' });
  await stack.client.create({ owner: 'bob', name: 'dev', image: 'starter:1', organization: 'acme' });
  gateway = await startGateway(stack.client);
  const { id, build } = await untilState(workspace, 'running');
  itself = { id, build: build?.number ?? 0 };
}, 120_000);

afterAll(async () => {
  await gateway?.close();
  await stack?.close();
}, 60_000);

const service = (scopes: string, organizations = ['default']) =>
  as({ kind: 'service', name: 'ci', scopes: scopes.split(' ') as never, organizations });

/** Each kind of caller with its header. */
const CALLERS = {
  owner: () => as({ kind: 'owner', owner: 'ada' }),
  'another owner': () => as({ kind: 'owner', owner: 'bob' }),
  itself: () => as({ kind: 'workspace', owner: 'ada', name: 'dev', ...itself }),
  'another workspace of the owner': () => as({ kind: 'workspace', owner: 'ada', name: 'other', ...itself }),
  'the workspace of the build before': () =>
    as({ kind: 'workspace', owner: 'ada', name: 'dev', id: itself.id, build: itself.build - 1 }),
  'the workspace with another home': () => as({ kind: 'workspace', owner: 'ada', name: 'dev', id: 'other', build: itself.build }),
  'a service that pings': () => service('ping'),
  'a service that reads': () => service('read'),
  'a service that operates': () => service('operate'),
  'a service that administers': () => service('admin'),
  'a service of another organization': () => service('ping read operate admin', ['acme']),
  'a service of no organization': () => service('ping read operate admin', []),
};
type CallerName = keyof typeof CALLERS;

const READS: Partial<Record<CallerName, number>> = { owner: 200, itself: 200, 'a service that reads': 200 };

test.each(Object.keys(CALLERS) as CallerName[])('The status answers %s as the table of routes says.', async (name) => {
  const { statusCode, body } = await gateway.server.inject({ url: '/v1/workspaces/ada/dev', headers: CALLERS[name]() });
  const refused = name.startsWith('the workspace') ? 401 : name.startsWith('a service that') ? 403 : 404;
  expect([statusCode, body]).toEqual([READS[name] ?? refused, expect.any(String)]);
});

/** Every route with every kind of caller, on a real Temporal server. */
import type { WorkspaceHandle, WorkspaceSummary } from '../../src/client';
import type { TokenSubject } from '../../src/secrets/tokens';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { callersOf, expectedStatus, type Itself, WORKSPACE_ROUTES } from '../support/gateway/routes';
import { until } from '../support/until';
import { createGate, type Stack, startStack, untilState } from '../support/workflows/temporal-env';

let stack: Stack;
let gateway: TestGateway;
let workspace: WorkspaceHandle;

beforeAll(async () => {
  stack = await startStack('dev');
  await stack.client.organization('acme').create();
  workspace = await stack.client.create({ owner: 'ada', name: 'dev', image: 'starter:1' });
  await stack.client.create({ owner: 'bob', name: 'other', image: 'starter:1', organization: 'acme' });
  gateway = await startGateway(stack.client);
});

afterAll(async () => {
  await gateway?.close();
  await stack?.close();
});

/** Has the workspace run, and answers with its build. Most calls leave it running: a change of state shows as soon as it is answered. */
async function run(): Promise<Itself> {
  if ((await workspace.status()).state !== 'running') {
    await workspace.restore();
    await workspace.start();
  }
  const { id, build } = await untilState(workspace, 'running');
  return { id, build: build?.number ?? 0 };
}

async function call(subject: TokenSubject, request: { method: string; url: string; body?: object }) {
  const { method, url, body } = request;
  const headers = await gateway.as(subject);
  return gateway.server.inject({ method: method as 'GET', url, headers, ...(body && { payload: body }) });
}

test.each(WORKSPACE_ROUTES.map((row) => [row.method, row.path || '/', row] as const))(
  'Each caller of %s %s is answered as the table of routes says, and callers that may not see the workspace are answered 404.',
  async (method, _, row) => {
    const answered: Record<string, number> = {};
    const expected: Record<string, number> = {};
    for (const name of Object.keys(callersOf({ id: '', build: 1 }))) {
      // A caller before may have changed its state, and with that the build.
      const itself = await run();
      const subject = callersOf(itself)[name] as TokenSubject;
      expected[name] = expectedStatus(row, subject, itself);
      const url = `/v1/workspaces/ada/dev${row.path}`;
      answered[name] = (await call(subject, { method, url, ...(row.body && { body: row.body }) })).statusCode;
    }
    expect(answered).toEqual(expected);
  },
);

test('A caller that may not see a workspace is answered as for a workspace that does not exist.', async () => {
  const hidden = await call({ kind: 'owner', owner: 'bob' }, { method: 'GET', url: '/v1/workspaces/ada/dev' });
  const missing = await call({ kind: 'owner', owner: 'ada' }, { method: 'GET', url: '/v1/workspaces/ada/none' });
  expect([hidden.statusCode, missing.statusCode]).toEqual([404, 404]);
  expect(hidden.json()).toEqual({ error: { type: 'NotFound', message: 'workspace ada/dev does not exist' } });
  expect(missing.json()).toEqual({ error: { type: 'NotFound', message: 'workspace ada/none does not exist' } });
});

test('A list holds what the caller may see: those of the owner, and those of the organizations of a service.', async () => {
  const namesFor = async (subject: TokenSubject, query = '') => {
    const { statusCode, body } = await call(subject, { method: 'GET', url: `/v1/workspaces${query}` });
    return statusCode === 200 ? (JSON.parse(body) as WorkspaceSummary[]).map((each) => each.workspace) : statusCode;
  };
  const service = { kind: 'service', name: 'ci', scopes: ['read'] } as const;
  const reader = (...organizations: string[]): TokenSubject => ({ ...service, scopes: ['read'], organizations });
  await until('both are listed', async () => (await stack.client.list()).every(({ organization }) => organization !== ''));
  expect(await namesFor({ kind: 'owner', owner: 'ada' })).toEqual(['ada/dev']);
  expect(await namesFor({ kind: 'owner', owner: 'ada' }, '?owner=bob')).toEqual([]);
  expect(await namesFor({ kind: 'owner', owner: 'carol' })).toEqual([]);
  expect(await namesFor(reader('default', 'acme'))).toEqual(['ada/dev', 'bob/other']);
  expect(await namesFor(reader('acme'))).toEqual(['bob/other']);
  expect(await namesFor(reader('acme'), '?organization=default')).toEqual([]);
  expect(await namesFor({ ...reader('acme'), scopes: ['ping'] } as TokenSubject)).toBe(403);
  expect(await namesFor(callersOf(await run()).itself as TokenSubject)).toBe(403);
});

test('The field by comes from the token, whatever the body says.', async () => {
  await run();
  const asked = async (subject: TokenSubject, path: string) => {
    await call(subject, { method: 'POST', url: `/v1/workspaces/ada/dev/${path}`, body: { by: 'mallory', reason: 'none' } });
    return (await workspace.explain()).history.at(-1)?.by;
  };
  expect(await asked({ kind: 'owner', owner: 'ada' }, 'stop')).toBe('ada');
  await untilState(workspace, 'off');
  expect(await asked({ kind: 'service', name: 'ci', scopes: ['operate'], organizations: ['default'] }, 'rebuild')).toBe(
    'service/ci',
  );
  expect(await asked(callersOf(await run()).itself as TokenSubject, 'stop')).toBe('workspace/ada/dev');
});

test.each([
  ['image', 'starter:2'],
  ['resources', { cpu: '2' }],
  ['env', { A: 'b' }],
])('The workspace itself rebuilds without %s.', async (field, value) => {
  const { itself } = callersOf(await run());
  const request = { method: 'POST', url: '/v1/workspaces/ada/dev/rebuild' };
  const refused = await call(itself as TokenSubject, { ...request, body: { [field]: value } });
  expect([refused.statusCode, refused.json()]).toMatchObject([403, { error: { type: 'NotAllowed' } }]);
  expect((await call(itself as TokenSubject, { ...request, body: { [field]: null } })).statusCode).toBe(200);
});

test('The token of a build is refused with 401 once its pod has ended, on the first call that is not a ping.', async () => {
  const itself = callersOf(await run()).itself as TokenSubject;
  const status = () => call(itself, { method: 'GET', url: '/v1/workspaces/ada/dev' });
  expect((await status()).statusCode).toBe(200);
  await workspace.stop();
  await untilState(workspace, 'off');
  expect((await status()).statusCode).toBe(401);
  await run();
  expect((await status()).statusCode).toBe(401);
});

test('During a rebuild the token of the build before holds until start-pod begins, and is refused from then on.', async () => {
  const earlier = callersOf(await run()).itself as TokenSubject;
  const gates = { prepareHome: createGate(), startPod: createGate() };
  stack.overrides.hold = (verb) => gates[verb as keyof typeof gates]?.opened;
  const statuses = async () => {
    const requests = [
      { method: 'GET', url: '/v1/workspaces/ada/dev' },
      { method: 'POST', url: '/v1/workspaces/ada/dev/ping' },
    ];
    return Promise.all(requests.map(async (request) => (await call(earlier, request)).statusCode));
  };
  const untilStep = (name: string, number: number) =>
    until(`${name} runs and is published`, async () => {
      const { build } = await workspace.status();
      const { searchAttributes } = await stack.client.temporal.workflow.getHandle('workspace/ada/dev').describe();
      const isPublished = (searchAttributes as Record<string, unknown[]>).Build?.[0] === number;
      return isPublished && build?.steps.some((step) => step.name === name && step.state === 'running');
    });
  try {
    const { build } = await workspace.rebuild();
    await untilStep('prepare-home', build ?? 0);
    expect(await statuses()).toEqual([200, 202]);
    expect(
      (await call({ ...earlier, build: (build ?? 0) - 2 } as TokenSubject, { method: 'GET', url: '/v1/workspaces/ada/dev' }))
        .statusCode,
    ).toBe(401);
    gates.prepareHome.open();
    await untilStep('start-pod', build ?? 0);
    // A ping may rely on the answer before for 30 s.
    expect((await statuses())[0]).toBe(401);
  } finally {
    for (const { open } of Object.values(gates)) open();
    delete stack.overrides.hold;
  }
});

test('A token of a build before a stop is refused while the next build has no pod yet.', async () => {
  const earlier = callersOf(await run()).itself as TokenSubject;
  await workspace.stop();
  await untilState(workspace, 'off');
  const gate = createGate();
  stack.overrides.hold = (verb) => (verb === 'prepareHome' ? gate.opened : undefined);
  try {
    await workspace.start();
    await untilState(workspace, 'building');
    expect((await call(earlier, { method: 'GET', url: '/v1/workspaces/ada/dev' })).statusCode).toBe(401);
  } finally {
    gate.open();
    delete stack.overrides.hold;
  }
});

test('A new token of the next build pings at once, though the gateway knew the build before.', async () => {
  const ping = async () =>
    (await call(callersOf(await run()).itself as TokenSubject, { method: 'POST', url: '/v1/workspaces/ada/dev/ping' }))
      .statusCode;
  expect(await ping()).toBe(202);
  const { build } = await workspace.rebuild();
  await workspace.waitForBuild(build ?? 0);
  expect(await ping()).toBe(202);
});

test('An owner whom the organization suspends is refused, and is not when the suspension ends.', async () => {
  let now = Date.now();
  let suspendedOwners: string[] = [];
  const organization = { ...stack.client.organization('acme'), policy: async () => ({ suspendedOwners }) as never };
  const copy = await startGateway({ ...stack.client, organization: () => organization }, { now: () => now });
  const status = async () => {
    now += 60_000;
    const headers = await copy.as({ kind: 'owner', owner: 'bob' });
    return (await copy.server.inject({ url: '/v1/workspaces/bob/other', headers })).statusCode;
  };
  try {
    expect(await status()).toBe(200);
    suspendedOwners = ['bob'];
    expect(await status()).toBe(401);
    suspendedOwners = [];
    expect(await status()).toBe(200);
  } finally {
    await copy.close();
  }
});

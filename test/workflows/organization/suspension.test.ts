/** Suspended owners and decommissioned tags on a real server: workspaces, their schedules, requests by hand, and the gateway. */
import type { WorkspaceHandle } from '../../../src/client';
import type { TokenSubject } from '../../../src/secrets/tokens';
import { run } from '../../support/cli/command-line';
import { startGateway, type TestGateway } from '../../support/gateway/gateway-env';
import { until } from '../../support/until';
import {
  clearOverrides,
  createGate,
  type Stack,
  startStack,
  taskFailures,
  untilState,
} from '../../support/workflows/temporal-env';

const MINUTE_MS = 60_000;

let stack: Stack;
let gateway: TestGateway;
/** How far the gateway's clock is ahead. */
let aheadMs = 0;
beforeAll(async () => {
  stack = await startStack('dev');
  gateway = await startGateway(stack.client, { now: () => Date.now() + aheadMs });
});
afterEach(() => clearOverrides(stack));
afterAll(async () => {
  await gateway?.close();
  await stack?.close();
});

const create = (organization: string, owner: string, name: string, more: object = {}) =>
  stack.client.create({ owner, name, organization, image: 'starter:1', ...more });

async function statusThroughGateway(subject: TokenSubject, { workspace }: WorkspaceHandle): Promise<number> {
  const headers = await gateway.as(subject);
  return (await gateway.server.inject({ url: `/v1/workspaces/${workspace}`, headers })).statusCode;
}

test('Suspensions and images that several administrators change at the same moment are all kept.', async () => {
  await stack.client.organization('shared').create();
  const owners = ['ada', 'bob', 'eve'];
  const images = ['go:1', 'rust:1', 'java:1'];
  const ended = await Promise.all([
    ...owners.map((owner) => run(['org', 'suspend', owner, 'shared'], { client: stack.client })),
    ...images.map((image) => run(['org', 'images', 'shared', '--add', image], { client: stack.client })),
  ]);
  expect(ended.map(({ code, error }) => [code, error])).toEqual(ended.map(() => [0, '']));
  const policy = await stack.client.organization('shared').policy();
  expect(policy.version).toBe(7);
  expect([...policy.suspendedOwners].sort()).toEqual(owners);
  expect(policy.images.map(({ name }) => name).sort()).toEqual(['go', 'java', 'rust']);
});

test('The workspaces of a suspended owner stop within 60 s and do not start again, and those of others go on.', async () => {
  const organization = stack.client.organization('strict');
  await organization.create();
  const autoStart = { time: '08:30', timeZone: 'Europe/Berlin' };
  const up = await create('strict', 'ada', 'up', { autoStart });
  const other = await create('strict', 'bob', 'up');
  const elsewhere = await create('default', 'ada', 'elsewhere');
  for (const workspace of [up, other, elsewhere]) await untilState(workspace, 'running');
  const gate = createGate();
  stack.overrides.hold = (verb) => (verb === 'startPod' ? gate.opened : undefined);
  const building = await create('strict', 'ada', 'building');
  await until('the pod is being started', async () => (await building.status()).build?.steps[2]?.state === 'running');

  const setAt = Date.now();
  await organization.setPolicy({ suspendedOwners: ['ada'], by: 'root' });
  const ended = await Promise.all([untilState(up, 'off'), untilState(building, 'off')]);
  expect(Date.now() - setAt).toBeLessThan(MINUTE_MS);
  gate.open();
  expect(ended[0]).toMatchObject({
    autoStart: { at: expect.any(String), blockedBecause: expect.stringContaining('suspended ada') },
  });
  for (const workspace of [up, building]) {
    const { history, next } = await workspace.explain();
    expect(history.at(-1)).toMatchObject({ to: 'off', cause: 'policy', rule: 'policy version 2: suspendedOwners' });
    expect(next).toEqual([]);
    for (const request of [() => workspace.start(), () => workspace.rebuild({})])
      await expect(request()).rejects.toMatchObject({ type: 'NotAllowed', message: expect.stringContaining('suspended ada') });
  }
  const { id } = ended[0];
  expect((await stack.runtime.listPods()).filter((pod) => pod.id === id)).toEqual([]);
  expect((await other.status()).state).toBe('running');
  expect((await elsewhere.status()).state).toBe('running');

  const fresh = await create('strict', 'ada', 'fresh');
  expect(await untilState(fresh, 'error')).toMatchObject({ build: { failure: { type: 'NotAllowed', step: 'admit' } } });
  await until('nothing but the two homes is in use', async () => {
    const { usage } = await stack.client.owner('strict', 'ada').status();
    return usage.running === 0 && usage.cpu === '0' && usage.homes === 2;
  });

  await organization.setPolicy({ suspendedOwners: [] });
  await until('a start is accepted again', async () => (await up.status()).policyVersion === 3);
  await up.start();
  await untilState(up, 'running');
  for (const workspace of [up, building, fresh])
    expect(await taskFailures(stack, `workspace/${workspace.workspace}`)).toEqual([]);
});

test('The tokens of a suspended owner and of the workspaces are refused within 60 s, and hold again when the suspension ends.', async () => {
  const organization = stack.client.organization('tokens');
  await organization.create();
  const workspace = await create('tokens', 'eve', 'dev');
  const { id, build } = await untilState(workspace, 'running');
  const own: TokenSubject = { kind: 'owner', owner: 'eve' };
  const itself: TokenSubject = { kind: 'workspace', owner: 'eve', name: 'dev', id, build: build?.number ?? 0 };
  expect([await statusThroughGateway(own, workspace), await statusThroughGateway(itself, workspace)]).toEqual([200, 200]);
  // The pod is kept, so that nothing but the suspension refuses the workspace's token.
  const gate = createGate();
  stack.overrides.hold = (verb) => (verb === 'stopPod' ? gate.opened : undefined);
  await organization.setPolicy({ suspendedOwners: ['eve'] });
  await untilState(workspace, 'turning-off');
  aheadMs += MINUTE_MS;
  expect([await statusThroughGateway(own, workspace), await statusThroughGateway(itself, workspace)]).toEqual([401, 401]);
  gate.open();
  await organization.setPolicy({ suspendedOwners: [] });
  aheadMs += MINUTE_MS;
  expect(await statusThroughGateway(own, workspace)).toBe(200);
});

test('A decommissioned tag is replaced at the next build, which warns; a deprecated one builds; another is NotAllowed.', async () => {
  const organization = stack.client.organization('listed');
  const images = (tags: object) => [{ name: 'starter', defaultTag: '2', tags }];
  await organization.create({ policy: { images: images({ 1: 'available' }) } });
  const workspace = await create('listed', 'ada', 'tags');
  await untilState(workspace, 'running');
  await organization.setPolicy({ images: images({ 1: 'deprecated' }) });
  await until('the tag is deprecated', async () =>
    (await workspace.status()).rebuildRequired?.startsWith('starter:1 is deprecated'),
  );
  await organization.setPolicy({ images: images({ 1: 'decommissioned' }) });
  const moved = 'starter:1 is decommissioned, so the default tag is used: starter:2';
  await until('the tag is decommissioned', async () => (await workspace.status()).rebuildRequired?.startsWith(moved));
  await workspace.rebuild({});
  const rebuilt = await until('it is rebuilt', async () => {
    const status = await workspace.status();
    return status.state === 'running' && status.build?.number === 2 && status;
  });
  expect(rebuilt).toMatchObject({ build: { image: { reference: 'starter:2' }, warnings: [moved] }, rebuildRequired: null });
  await expect(workspace.rebuild({ image: 'other:1' })).rejects.toMatchObject({ type: 'NotAllowed' });
  await expect(workspace.configure({ image: 'starter:3' })).rejects.toMatchObject({ type: 'NotAllowed' });
  const refused = await stack.client.temporal.workflow.start('workspace', {
    workflowId: 'workspace/ada/refused',
    taskQueue: 'perennial',
    args: [{ owner: 'ada', name: 'refused', organization: 'listed', image: 'other:1' }],
  });
  await expect(refused.result()).rejects.toMatchObject({
    cause: { type: 'NotAllowed', message: expect.stringMatching(/^image: /) },
  });
});

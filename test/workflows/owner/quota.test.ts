/** Quotas on a real server: reserved in `admit`, given back by the workspaces, and compared with them. */
import { isDeepStrictEqual } from 'node:util';
import { Context } from '@temporalio/activity';
import type { Policy } from '../../../src/contract/policy';
import { until } from '../../support/until';
import { clearOverrides, createGate, type Stack, startStack, untilState } from '../../support/workflows/temporal-env';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('dev');
});
afterEach(() => clearOverrides(stack));
afterAll(() => stack?.close());

const usageOf = async (owner: string, organization = 'default') => (await stack.client.owner(organization, owner).status()).usage;
/** What each workspace has reported to the organization, which takes a signal of its own. */
const organizationsUsageOf = async (owner: string) => (await stack.client.organization('default').usage()).owners[owner];

function create(owner: string, name: string, more: object = {}) {
  return stack.client.create({ owner, name, image: 'starter:1', by: owner, ...more });
}

/** The quota that builds find in the policy from now on. */
function limit(quota: Partial<Policy['quota']>): void {
  stack.overrides.readPolicy = async (query) => {
    const policy = await query();
    return { ...policy, quota: { ...policy.quota, ...quota } };
  };
}

const activityType = () => Context.current().info.activityType;

test('A workspace is counted from its build on, and gives back when it is off and when it is purged.', async () => {
  const workspace = await create('ada', 'dev');
  await untilState(workspace, 'running');
  expect(await usageOf('ada')).toEqual({ running: 1, homes: 1, cpu: '1', memory: '2Gi', disk: '10Gi' });
  await workspace.stop();
  await until('it is given back', async () => (await usageOf('ada')).running === 0);
  expect(await usageOf('ada')).toEqual({ running: 0, homes: 1, cpu: '0', memory: '0', disk: '10Gi' });
  await workspace.delete({ purge: true });
  await until('its home is given back', async () => (await usageOf('ada')).homes === 0);
  await until('the organization knows', async () => (await organizationsUsageOf('ada')) === undefined);
});

test('A build beyond the quota fails in admit, and the next one is admitted when something was given back.', async () => {
  limit({ runningPerOwner: 1 });
  const [first, second] = [await create('bob', 'one'), await create('bob', 'two')];
  await until('one runs, and one is refused', async () => {
    const states = [(await first.status()).state, (await second.status()).state];
    return states.includes('running') && states.includes('error');
  });
  const [runs, refused] = (await first.status()).state === 'running' ? [first, second] : [second, first];
  expect((await refused.status()).build?.failure).toEqual({
    type: 'QuotaExceeded',
    message: 'quota.runningPerOwner: expected at most 1 for one owner; 1 in use by other workspaces, 1 asked for',
    step: 'admit',
  });
  expect(await usageOf('bob')).toMatchObject({ running: 1, homes: 2 });
  const used = await usageOf('bob');
  await until('the organization knows', async () => isDeepStrictEqual(await organizationsUsageOf('bob'), used));
  await runs.stop();
  await until('it is given back', async () => (await usageOf('bob')).running === 0);
  await refused.start();
  await untilState(refused, 'running');
  expect((await refused.status()).build?.number).toBe(2);
});

test('A workspace refused for its home does not count, and its deletion gives nothing back.', async () => {
  limit({ homesPerOwner: 1 });
  const first = await create('eve', 'one');
  await untilState(first, 'running');
  const second = await create('eve', 'two');
  await untilState(second, 'error');
  expect((await second.status()).build?.failure?.message).toContain('quota.homesPerOwner');
  expect(await usageOf('eve')).toMatchObject({ running: 1, homes: 1 });
  await second.delete({ purge: true });
  await until('it is purged', async () => (await second.status().catch(() => null)) === null);
  expect(await usageOf('eve')).toMatchObject({ running: 1, homes: 1 });
});

test('A build that is cancelled while it asks gives back what it may have reserved.', async () => {
  const gate = createGate();
  stack.overrides.readPolicy = async (query) => {
    if (activityType() === 'admit') await gate.opened;
    return query();
  };
  const workspace = await create('mia', 'dev');
  await until('its build asks', async () => (await workspace.status()).build?.steps[0]?.state === 'running');
  await workspace.stop();
  gate.open();
  await untilState(workspace, 'off');
  await until('nothing is reserved', async () => (await usageOf('mia').catch(() => null))?.running !== 1);
});

test('A build has exactly the resources that were reserved, under the policy that admit read.', async () => {
  const organization = stack.client.organization('math');
  await organization.create();
  const gate = createGate();
  stack.overrides.readPolicy = async (query) => {
    if (activityType() === 'admit') await gate.opened;
    return query();
  };
  const workspace = await create('ada', 'grown', { organization: 'math', resources: { memory: '1024Mi' } });
  await until('its build asks', async () => (await workspace.status()).build?.steps[0]?.state === 'running');
  await organization.setPolicy({ resources: { default: { cpu: '2500m' } } });
  gate.open();
  const { resources } = await untilState(workspace, 'running');
  expect(resources).toEqual({ cpu: '2500m', memory: '1024Mi', disk: '10Gi' });
  expect(await usageOf('ada', 'math')).toEqual({ running: 1, homes: 1, cpu: '2500m', memory: '1Gi', disk: '10Gi' });
});

test('A terminated workspace is found before its reservation refuses another one.', async () => {
  const lost = await create('zoe', 'lost');
  await untilState(lost, 'running');
  await stack.client.temporal.workflow.getHandle('workspace/zoe/lost').terminate('as an operator may');
  await stack.client.temporal.workflow
    .getHandle('owner/default/zoe')
    .signal('workspaceEnded', { workspace: 'workspace/zoe/lost', id: 'unknown', home: false });
  await until('its reservation is given back', async () => (await usageOf('zoe')).running === 0);
  expect(await usageOf('zoe')).toMatchObject({ running: 0, homes: 1 });
});

test('After a reset to an earlier build the workspace takes a number above what the ledger knows, and builds.', async () => {
  const workspace = await create('kim', 'dev');
  await untilState(workspace, 'running');
  const handle = stack.client.temporal.workflow.getHandle('workspace/kim/dev');
  const { events } = await handle.fetchHistory();
  const firstTask = events?.find(({ workflowTaskCompletedEventAttributes: done }) => done)?.eventId;
  for (const build of [2, 3]) {
    await workspace.rebuild();
    await workspace.waitForBuild(build);
  }
  const { id } = await workspace.status();
  const { runId, raw } = await handle.describe();
  await stack.client.temporal.workflowService.resetWorkflowExecution({
    namespace: stack.client.temporal.options.namespace,
    workflowExecution: { workflowId: 'workspace/kim/dev', runId },
    workflowTaskFinishEventId: firstTask ?? raw.workflowExecutionInfo?.historyLength ?? null,
    resetReapplyType: 2,
    requestId: 'reset-kim',
    reason: 'as an operator may',
  });
  const status = await until('it runs again', async () => {
    const now = await workspace.status();
    return now.state === 'running' && (now.build?.number ?? 0) > 3 && now;
  });
  expect(status.id).toBe(id);
  expect(await usageOf('kim')).toEqual({ running: 1, homes: 1, cpu: '1', memory: '2Gi', disk: '10Gi' });
  await workspace.stop();
  await until('it is given back', async () => (await usageOf('kim')).running === 0);
});

test('An owner whose workflow was terminated is counted again before the next build is admitted.', async () => {
  const [first, second] = [await create('leo', 'one'), await create('leo', 'two')];
  for (const workspace of [first, second]) await untilState(workspace, 'running');
  await until('both are listed', async () => (await stack.client.list({ owner: 'leo' })).length === 2);
  await stack.client.temporal.workflow.getHandle('owner/default/leo').terminate('as an operator may');
  limit({ runningPerOwner: 2 });
  const third = await create('leo', 'three');
  await untilState(third, 'error');
  expect(await usageOf('leo')).toMatchObject({ running: 2, homes: 3, cpu: '2' });
  await first.stop();
  await until('it is given back', async () => (await usageOf('leo')).running === 1);
});

/** How an organization's policy reaches its workspaces, and what it knows of them, on skipped time. */
import { Context } from '@temporalio/activity';
import type { WorkspaceHandle } from '../../../src/client';
import { until } from '../../support/until';
import { clearOverrides, createGate, type Stack, startStack, untilState } from '../../support/workflows/temporal-env';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack('time-skipping');
});
afterEach(() => clearOverrides(stack));
afterAll(() => stack?.close());

const organizationOf = (name: string) => stack.client.organization(name);
/** All but the tasks themselves: the real server forgets a task that refused an update, this one writes it down. */
const eventsOf = async (workflowId: string): Promise<number> => {
  const { events } = await stack.client.temporal.workflow.getHandle(workflowId).fetchHistory();
  const isTask = (event: object) => /"workflowTask\w+Attributes":/.test(JSON.stringify(event));
  return (events ?? []).filter((event) => !isTask(event)).length;
};
const create = (name: string, more: object = {}) =>
  stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada', ...more });

async function createRunning(name: string, more: object = {}): Promise<WorkspaceHandle> {
  const workspace = await create(name, more);
  await untilState(workspace, 'running');
  return workspace;
}

const untilVersion = (workspace: WorkspaceHandle, version: number) =>
  until(`${workspace.workspace} knows version ${version}`, async () => {
    const status = await workspace.status();
    return status.policyVersion === version && status;
  });

/** Makes the organization believe that the workspace is gone, so that a push is missed. */
async function muffle(organization: string, workspace: WorkspaceHandle): Promise<void> {
  const { id } = await workspace.status();
  const report = { workspace: `workspace/${workspace.workspace}`, id, owner: workspace.owner, running: false, home: false };
  const use = { cpu: '1', memory: '2Gi', disk: '10Gi' };
  const sent = { ...report, ...use, sequence: Number.MAX_SAFE_INTEGER, policyAt: 0 };
  await stack.client.temporal.workflow.getHandle(`organization/${organization}`).signal('usageReported', sent);
  await until('it is believed to be gone', async () => {
    return !(workspace.owner in (await organizationOf(organization).usage()).owners);
  });
}

test('A policy set reaches running workspaces within seconds, and is never copied into them as their own setting.', async () => {
  await organizationOf('pushed').create();
  const organization = organizationOf('pushed');
  const workspaces = [
    await createRunning('pushed-1', { organization: 'pushed' }),
    await createRunning('pushed-2', { organization: 'pushed' }),
  ];
  const setAt = await stack.env.currentTimeMs();
  expect(await organization.setPolicy({ autoOff: { after: '3h' }, by: 'root' })).toMatchObject({ version: 2, retention: '7d' });
  for (const workspace of workspaces) {
    const { autoOff } = await untilVersion(workspace, 2);
    expect(autoOff).toMatchObject({ after: '3h', source: 'organization' });
  }
  expect((await stack.env.currentTimeMs()) - setAt).toBeLessThan(10 * SECOND);
  expect((await organization.policy()).changes.at(-1)).toMatchObject({
    by: 'root',
    version: 2,
    fields: expect.arrayContaining(['autoOff.after']),
  });

  await organization.setPolicy({ autoOff: { after: '5h' } });
  for (const workspace of workspaces) expect((await untilVersion(workspace, 3)).autoOff.after).toBe('5h');
});

test('Taking userControlled away puts every workspace back on the value of the organization at once.', async () => {
  const organization = organizationOf('tight');
  await organization.create({ policy: { autoOff: { userControlled: true } } });
  const workspace = await createRunning('tight', { organization: 'tight', autoOff: { after: '9h' } });
  expect((await workspace.status()).autoOff).toMatchObject({ after: '9h', source: 'workspace' });
  await organization.setPolicy({ autoOff: { userControlled: false } });
  expect((await untilVersion(workspace, 2)).autoOff).toMatchObject({ after: '2h', source: 'organization' });
});

test('A push that a workspace holds up gives way to the push of a newer version.', async () => {
  const organization = organizationOf('overtaken');
  await organization.create();
  const workspace = await createRunning('overtaken', { organization: 'overtaken' });
  let pushes = 0;
  stack.overrides.pushPolicy = async () => {
    pushes += 1;
    if (pushes > 1) return;
    // As a push does while it waits for a workspace.
    const context = Context.current();
    const heartbeats = setInterval(() => context.heartbeat(), 100);
    await context.cancelled.finally(() => clearInterval(heartbeats));
  };
  await organization.setPolicy({ autoOff: { after: '3h' } });
  await until('the push is held up', () => pushes === 1);
  await organization.setPolicy({ autoOff: { after: '4h' } });
  expect((await untilVersion(workspace, 3)).autoOff).toMatchObject({ after: '4h', source: 'organization' });
  expect(pushes).toBe(2);
});

test('A push missed after creation is healed by the reading of the policy 30 s later.', async () => {
  await organizationOf('young').create();
  const workspace = await createRunning('young', { organization: 'young' });
  await muffle('young', workspace);
  await organizationOf('young').setPolicy({ retention: '3d' });
  expect((await workspace.status()).policyVersion).toBe(1);
  await stack.env.sleep(40 * SECOND);
  await untilVersion(workspace, 2);
});

test('A push missed later is healed by the daily reading of the policy.', async () => {
  await organizationOf('old').create({ policy: { autoOff: { after: 'never' } } });
  const workspace = await createRunning('old', { organization: 'old' });
  await stack.env.sleep(HOUR);
  await muffle('old', workspace);
  await organizationOf('old').setPolicy({ retention: '3d' });
  await stack.env.sleep(HOUR);
  expect((await workspace.status()).policyVersion).toBe(1);
  await stack.env.sleep(24 * HOUR);
  await untilVersion(workspace, 2);
});

test('Usage sums what is up for each owner, and homes and disk until they are purged.', async () => {
  const organization = organizationOf('used');
  await organization.create({ policy: { autoOff: { after: 'never' } } });
  const usageOf = async (owner: string) => (await organization.usage()).owners[owner];
  const untilUsage = (owner: string, expected: object) =>
    until(
      `${owner} uses ${JSON.stringify(expected)}`,
      async () => JSON.stringify(await usageOf(owner)) === JSON.stringify(expected),
    );
  const big = { cpu: '2', memory: '4Gi', disk: '20Gi' };
  const first = await createRunning('used-1', { organization: 'used', resources: big });
  await createRunning('used-2', { organization: 'used', resources: { cpu: '500m' } });
  await createRunning('used-3', { organization: 'used', owner: 'bob' });
  await untilUsage('ada', { running: 2, homes: 2, cpu: '2500m', memory: '6Gi', disk: '30Gi' });
  await untilUsage('bob', { running: 1, homes: 1, cpu: '1', memory: '2Gi', disk: '10Gi' });

  const gate = createGate();
  stack.overrides.hold = (verb) => (verb === 'stopPod' ? gate.opened : undefined);
  await first.delete();
  expect((await first.status()).state).toBe('turning-off');
  expect(await usageOf('ada')).toMatchObject({ running: 2, cpu: '2500m' });
  gate.open();
  await untilUsage('ada', { running: 1, homes: 2, cpu: '500m', memory: '2Gi', disk: '30Gi' });
  await first.delete({ purge: true });
  await untilUsage('ada', { running: 1, homes: 1, cpu: '500m', memory: '2Gi', disk: '10Gi' });
});

test('A policy that is wrong is refused by name and leaves no event.', async () => {
  const before = await eventsOf('organization/default');
  const { version } = await organizationOf('default').policy();
  const wrong: [object, RegExp][] = [
    [{ autoOff: { after: '30s' } }, /autoOff\.after/],
    [{ autoOff: { after: '31d' } }, /autoOff\.after/],
    [{ autoOff: { userControlled: 'yes' } }, /autoOff\.userControlled/],
    [{ retention: '366d' }, /retention/],
    [{ autoStart: { recentUse: 'soon' } }, /autoStart\.recentUse/],
    [{ autoStart: { weekdays: ['monday'] } }, /autoStart\.weekdays/],
    [{ autoStart: { timeZone: 'Europe/Atlantis' } }, /autoStart\.timeZone/],
    [{ resources: { max: { cpu: 'much' } } }, /resources\.max\.cpu/],
  ];
  for (const [change, message] of wrong) {
    const refused = organizationOf('default').setPolicy({ ...change });
    await expect(refused).rejects.toMatchObject({ type: 'InvalidRequest', message: expect.stringMatching(message) });
  }
  expect(await eventsOf('organization/default')).toBe(before);
  expect((await organizationOf('default').policy()).version).toBe(version);
});

test('An unknown organization fails the creation with NotFound, and nothing is made.', async () => {
  const homes = (await stack.runtime.listHomes()).length;
  const workspace = await create('lost', { organization: 'nowhere' });
  const failure = { type: 'NotFound', message: expect.stringContaining('nowhere') };
  await expect(workspace.waitForBuild(1)).rejects.toMatchObject(failure);
  const { status } = await stack.client.temporal.workflow.getHandle('workspace/ada/lost').describe();
  expect(status.name).toBe('FAILED');
  expect(await stack.runtime.listHomes()).toHaveLength(homes);
});

/** Reading a policy, and pushing a new one. */
import { QueryNotRegisteredError } from '@temporalio/client';
import { defaultPolicy } from '../../src/workflows/organization/rules/policy';
import { activityContext, quietEnvironment } from '../support/fake-client';
import { until } from '../support/until';

/** The SDK's class for every failed query. */
const notRegistered = (message: string) => new QueryNotRegisteredError(message, 3);

test('The policy is read with the moment of its last change instead of its changes.', async () => {
  const { workflows, run, activities } = activityContext();
  const changes = [{ at: '2026-03-02T06:00:00.000Z' }, { at: '2026-03-02T06:00:00.005Z' }];
  workflows.set('organization/default', { answer: { ...defaultPolicy(), changes } });
  const changedAt = Date.parse('2026-03-02T06:00:00.005Z');
  expect(await run(activities.readPolicy, { organization: 'default' })).toEqual({ ...defaultPolicy(), changedAt });
});

test.each([
  ['an organization that does not exist', undefined, 'NotFound', true],
  ['a workflow of another kind', notRegistered('Workflow did not register a handler for policy.'), 'NotFound', true],
  [
    'a workflow without an answer',
    notRegistered('events came that no task has started for: ask again'),
    'RuntimeUnavailable',
    false,
  ],
  ['a server that is away', new Error('14 UNAVAILABLE'), 'RuntimeUnavailable', false],
])('Of %s the failure names the organization.', async (_, answer, type, nonRetryable) => {
  const { workflows, run, activities } = activityContext();
  if (answer) workflows.set('organization/acme', { answer });
  const read = run(activities.readPolicy, { organization: 'acme' });
  await expect(read).rejects.toMatchObject({ type, nonRetryable, message: expect.stringContaining('acme') });
});

test('Every workspace is signalled once, and a workspace that has ended or never existed delays nothing.', async () => {
  const { workflows, signals, run, heartbeats, activities } = activityContext();
  const workspaces = Array.from({ length: 60 }, (_, index) => `workspace/ada/dev-${index}`);
  for (const workspace of workspaces) workflows.set(workspace, {});
  workflows.set('workspace/ada/dev-7', { status: 'COMPLETED' });
  workflows.delete('workspace/ada/dev-8');
  await run(activities.pushPolicy, { policy: defaultPolicy(), workspaces });
  const signalled = signals.map(({ workflowId }) => workflowId);
  expect(new Set(signalled).size).toBe(58);
  expect(signalled).toHaveLength(58);
  expect(signals[0]).toMatchObject({ name: 'policyChanged', input: { policy: defaultPolicy() } });
  expect(heartbeats.some(({ waitingFor }) => /workspaces to be signalled$/.test(waitingFor))).toBe(true);
});

test('A workspace that does not take its signal is returned as not reached, and all others are signalled.', async () => {
  const { workflows, signals, run, activities } = activityContext();
  const workspaces = Array.from({ length: 60 }, (_, index) => `workspace/ada/dev-${index}`);
  for (const workspace of workspaces) workflows.set(workspace, {});
  workflows.set('workspace/ada/dev-59', {
    get status(): string {
      throw new Error('14 UNAVAILABLE');
    },
  });
  expect(await run(activities.pushPolicy, { policy: defaultPolicy(), workspaces })).toEqual({
    unreached: ['workspace/ada/dev-59'],
  });
  expect(signals).toHaveLength(59);
});

test('A cancelled push immediately returns the workspaces that it did not reach.', async () => {
  const { workflows, run, activities, environment } = activityContext();
  const workspaces = Array.from({ length: 60 }, (_, index) => `workspace/ada/dev-${index}`);
  for (const workspace of workspaces) workflows.set(workspace, { hangs: true });
  const push = run(activities.pushPolicy, { policy: defaultPolicy(), workspaces });
  await new Promise((resolve) => setTimeout(resolve, 20));
  environment.cancel();
  expect((await push).unreached.sort()).toEqual([...workspaces].sort());
});

test('Many pushes at the same time have at most 100 signals under way, each begins, and a cancelled one ends at once.', async () => {
  const { activities, client } = activityContext();
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let [underWay, most] = [0, 0];
  const signalled = new Set<string>();
  client.workflow.getHandle = ((workflowId: string) => ({
    signal: async () => {
      signalled.add(workflowId);
      most = Math.max(most, ++underWay);
      await held;
      underWay -= 1;
    },
  })) as never;
  const of = (part: number) => Array.from({ length: 60 }, (_, index) => `workspace/part-${part}/dev-${index}`);
  const begin = (part: number) => {
    const environment = quietEnvironment();
    const input = { policy: defaultPolicy(), workspaces: of(part) };
    return { environment, pushed: environment.run(activities.pushPolicy, input) as Promise<{ unreached: string[] }> };
  };
  const pushes = Array.from({ length: 11 }, (_, part) => begin(part));
  await until('all places are taken', () => underWay === 100);
  const last = begin(11);
  last.environment.cancel();
  expect((await last.pushed).unreached.sort()).toEqual(of(11).sort());
  release();
  expect(await Promise.all(pushes.map(({ pushed }) => pushed))).toEqual(pushes.map(() => ({ unreached: [] })));
  expect([most, signalled.size]).toEqual([100, 11 * 60]);
});

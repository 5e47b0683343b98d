/** Reading a policy, and telling workspaces of a new one. */
import { QueryNotRegisteredError } from '@temporalio/client';
import { defaultPolicy } from '../../src/workflows/organization/rules/policy';
import { activityWorld } from '../support/fake-client';

/** The SDK's class for whatever a query fails with. */
const notRegistered = (message: string) => new QueryNotRegisteredError(message, 3);

test('The policy is read as it is, with the moment of its last change in place of its changes.', async () => {
  const { workflows, run, activities } = activityWorld();
  const changes = [{ at: '2026-03-02T06:00:00.000Z' }, { at: '2026-03-02T06:00:00.005Z' }];
  workflows.set('organization/default', { answer: { ...defaultPolicy(), changes } });
  const changedAt = Date.parse('2026-03-02T06:00:00.005Z');
  expect(await run(activities.readPolicy, { organization: 'default' })).toEqual({ ...defaultPolicy(), changedAt });
});

test.each([
  ['an organization that does not exist', undefined, 'NotFound', true],
  ['a workflow of another kind', notRegistered('Workflow did not register a handler for policy.'), 'NotFound', true],
  [
    'one that could not answer',
    notRegistered('events came that no task has started for: ask again'),
    'RuntimeUnavailable',
    false,
  ],
  ['a server that is away', new Error('14 UNAVAILABLE'), 'RuntimeUnavailable', false],
])('Of %s the failure names the organization.', async (_, answer, type, nonRetryable) => {
  const { workflows, run, activities } = activityWorld();
  if (answer) workflows.set('organization/acme', { answer });
  const read = run(activities.readPolicy, { organization: 'acme' });
  await expect(read).rejects.toMatchObject({ type, nonRetryable, message: expect.stringContaining('acme') });
});

test('Every workspace is told once, and one that has ended or never was holds nothing up.', async () => {
  const { workflows, signals, run, beats, activities } = activityWorld();
  const workspaces = Array.from({ length: 60 }, (_, index) => `workspace/ada/dev-${index}`);
  for (const workspace of workspaces) workflows.set(workspace, {});
  workflows.set('workspace/ada/dev-7', { status: 'COMPLETED' });
  workflows.delete('workspace/ada/dev-8');
  await run(activities.pushPolicy, { policy: defaultPolicy(), workspaces });
  const told = signals.map(({ workflowId }) => workflowId);
  expect(new Set(told).size).toBe(58);
  expect(told).toHaveLength(58);
  expect(signals[0]).toMatchObject({ name: 'policyChanged', input: { policy: defaultPolicy() } });
  expect(beats.some(({ waitingFor }) => /workspaces to be signalled$/.test(waitingFor))).toBe(true);
});

test('A workspace that does not take its signal is answered as not reached, and all others are told.', async () => {
  const { workflows, signals, run, activities } = activityWorld();
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

test('A push that is cancelled answers at once with those that it did not reach.', async () => {
  const { workflows, run, activities, environment } = activityWorld();
  const workspaces = Array.from({ length: 60 }, (_, index) => `workspace/ada/dev-${index}`);
  for (const workspace of workspaces) workflows.set(workspace, { hangs: true });
  const push = run(activities.pushPolicy, { policy: defaultPolicy(), workspaces });
  await new Promise((resolve) => setTimeout(resolve, 20));
  environment.cancel();
  expect((await push).unreached.sort()).toEqual([...workspaces].sort());
});

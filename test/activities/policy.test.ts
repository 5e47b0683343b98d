/** Reading a policy, and telling workspaces of a new one. */
import { QueryNotRegisteredError } from '@temporalio/client';
import { defaultPolicy } from '../../src/workflows/workspace/policy';
import { activityWorld } from './world';

/** The SDK's class for whatever a query fails with. */
const notRegistered = (message: string) => new QueryNotRegisteredError(message, 3);

test('The policy is read as it is, without its changes.', async () => {
  const { workflows, run, activities } = activityWorld();
  workflows.set('organization/default', { answer: { ...defaultPolicy(), changes: [] } });
  expect(await run(activities.readPolicy, { organization: 'default' })).toEqual(defaultPolicy());
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
  expect(beats.some(({ waitingFor }) => /workspaces to be told$/.test(waitingFor))).toBe(true);
});

test('A push that the server cuts off is retried whole.', async () => {
  const { run, activities, workflows } = activityWorld();
  workflows.set('workspace/ada/dev', {
    get status(): string {
      throw new Error('14 UNAVAILABLE');
    },
  });
  const push = run(activities.pushPolicy, { policy: defaultPolicy(), workspaces: ['workspace/ada/dev'] });
  await expect(push).rejects.toMatchObject({ type: 'RuntimeUnavailable', nonRetryable: false });
});

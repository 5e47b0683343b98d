/** The corrections of the watch to the usage records of organizations. */
import { activityContext, HOME } from '../../support/fake-client';

const progress = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });
const member = (change: object = {}) => ({ owner: 'ada', name: 'dev', id: 'w1', running: true, ...change });

type ActivityContext = ReturnType<typeof activityContext>;

/** An organization with these records, watched for some full rounds. */
async function audited(
  members: unknown,
  before: (context: ActivityContext) => unknown = () => undefined,
): Promise<ActivityContext> {
  const context = activityContext({}, { watchIntervalMs: 1, watchFullIntervalMs: 1 });
  context.workflows.set('organization/default', { answer: members });
  await before(context);
  const { environment, run, activities, heartbeats } = context;
  const rounds = () => heartbeats.filter(({ waitingFor }) => waitingFor.startsWith('the next round')).length;
  const enough = new Promise<void>((resolve) => environment.on('heartbeat', () => rounds() >= 3 && resolve()));
  const watching = run(activities.watch, { runtime: 'memory' });
  await enough;
  environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
  return context;
}

const endedOf = ({ signals }: ActivityContext) =>
  signals.filter(({ name }) => name === 'workspaceEnded').map(({ input }) => input);

/** The workspaces that were asked to report again. */
const askedOf = ({ signals }: ActivityContext) =>
  signals.filter(({ name }) => name === 'reportUsage').map(({ workflowId }) => workflowId);

test('A workspace that was terminated before it had a pod no longer counts as running, and a home that does not exist is not counted.', async () => {
  const context = await audited([member()], ({ workflows }) =>
    workflows.set('workspace/ada/dev', { id: 'w1', status: 'TERMINATED' }),
  );
  expect(endedOf(context)).toEqual([{ workspace: 'workspace/ada/dev', id: 'w1', home: false }]);
  expect(context.signals[0]?.workflowId).toBe('organization/default');
});

test('The home of a terminated workspace is counted while it exists.', async () => {
  const context = await audited([member()], async ({ runtime }) => runtime.prepareHome(HOME, progress()));
  expect(endedOf(context)).toEqual([{ workspace: 'workspace/ada/dev', id: 'w1', home: true }]);
  const settled = await audited([member({ running: false })], async ({ runtime }) => runtime.prepareHome(HOME, progress()));
  expect(endedOf(settled)).toEqual([]);
});

test('A workspace created again under the same name is another workspace.', async () => {
  const context = await audited([member(), member({ id: 'w2' })], ({ workflows }) =>
    workflows.set('workspace/ada/dev', { id: 'w2' }),
  );
  expect(endedOf(context)).toEqual([{ workspace: 'workspace/ada/dev', id: 'w1', home: false }]);
});

test.each([
  ['is open', { id: 'w1' }],
  ['is not listed yet', { id: 'w1', isUnlisted: true }],
  ['has no id yet', {}],
  ['cannot be described', { isUnlisted: true, describeFails: new Error('14 UNAVAILABLE') }],
])('Nothing is changed of a workspace that %s.', async (_, workspace) => {
  const context = await audited([member()], ({ workflows }) => workflows.set('workspace/ada/dev', workspace));
  expect(endedOf(context)).toEqual([]);
});

test.each([
  ['off', true, 'asked to report again'],
  ['error', true, 'asked to report again'],
  ['building', false, 'asked to report again'],
  ['running', false, 'asked to report again'],
  ['turning-off', false, 'asked to report again'],
  ['off', false, 'left alone'],
  ['running', true, 'left alone'],
  ['', true, 'left alone'],
])('A workspace in the state "%s", and counted with running %s, is %s.', async (state, isRunning, what) => {
  const context = await audited([member({ running: isRunning })], ({ workflows }) =>
    workflows.set('workspace/ada/dev', { id: 'w1', state }),
  );
  expect(askedOf(context)).toEqual(what === 'left alone' ? [] : ['workspace/ada/dev']);
});

test('The records of a partition are corrected through the organization.', async () => {
  const context = await audited([], ({ workflows }) => workflows.set('members/default/7', { answer: [member()] }));
  expect(context.signals.map(({ workflowId }) => workflowId)).toEqual(['organization/default']);
});

test('An organization that does not answer does not stop the watch.', async () => {
  const context = await audited(new Error('ask again'), ({ workflows }) =>
    workflows.set('members/default/7', { answer: [member()] }),
  );
  expect(endedOf(context)).toHaveLength(1);
});

test('The owner of a workspace that ended is informed beside its organization.', async () => {
  const context = await audited([member()], ({ workflows }) => {
    workflows.set('workspace/ada/dev', { id: 'w1', status: 'TERMINATED' });
    workflows.set('owner/default/ada', {});
  });
  expect(context.signals.map(({ workflowId, name }) => [workflowId, name])).toEqual(
    expect.arrayContaining([
      ['organization/default', 'workspaceEnded'],
      ['owner/default/ada', 'workspaceEnded'],
    ]),
  );
});

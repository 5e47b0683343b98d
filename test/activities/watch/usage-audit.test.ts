/** What the watch puts right in what organizations count. */
import { activityWorld, HOME } from '../../support/fake-client';

const patiently = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });
const member = (change: object = {}) => ({ owner: 'ada', name: 'dev', id: 'w1', running: true, ...change });

type World = ReturnType<typeof activityWorld>;

/** An organization that counts these, watched for some full rounds. */
async function audited(members: unknown, before: (world: World) => unknown = () => undefined): Promise<World> {
  const world = activityWorld({}, { watchIntervalMs: 1, watchFullIntervalMs: 1 });
  world.workflows.set('organization/default', { answer: members });
  await before(world);
  const { environment, run, activities, beats } = world;
  const rounds = () => beats.filter(({ waitingFor }) => waitingFor.startsWith('the next round')).length;
  const enough = new Promise<void>((resolve) => environment.on('heartbeat', () => rounds() >= 3 && resolve()));
  const watching = run(activities.watch, { runtime: 'memory' });
  await enough;
  environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
  return world;
}

const endedOf = ({ signals }: World) => signals.filter(({ name }) => name === 'workspaceEnded').map(({ input }) => input);

test('A workspace that was terminated before it had a pod is counted as running no more, nor its home where there is none.', async () => {
  const world = await audited([member()], ({ workflows }) =>
    workflows.set('workspace/ada/dev', { id: 'w1', status: 'TERMINATED' }),
  );
  expect(endedOf(world)).toEqual([{ workspace: 'workspace/ada/dev', id: 'w1', home: false }]);
  expect(world.signals[0]?.workflowId).toBe('organization/default');
});

test('Of a workspace that was terminated, a home that is there is still counted.', async () => {
  const world = await audited([member()], async ({ runtime }) => runtime.prepareHome(HOME, patiently()));
  expect(endedOf(world)).toEqual([{ workspace: 'workspace/ada/dev', id: 'w1', home: true }]);
  const settled = await audited([member({ running: false })], async ({ runtime }) => runtime.prepareHome(HOME, patiently()));
  expect(endedOf(settled)).toEqual([]);
});

test('A workspace that was made anew under the name counts as another.', async () => {
  const world = await audited([member(), member({ id: 'w2' })], ({ workflows }) =>
    workflows.set('workspace/ada/dev', { id: 'w2' }),
  );
  expect(endedOf(world)).toEqual([{ workspace: 'workspace/ada/dev', id: 'w1', home: false }]);
});

test.each([
  ['is there', { id: 'w1' }],
  ['is not listed yet', { id: 'w1', isUnlisted: true }],
  ['has told no id yet', {}],
  ['cannot be asked', { isUnlisted: true, describeFails: new Error('14 UNAVAILABLE') }],
])('Nothing is changed of a workspace that %s.', async (_, workspace) => {
  const world = await audited([member()], ({ workflows }) => workflows.set('workspace/ada/dev', workspace));
  expect(endedOf(world)).toEqual([]);
});

test('What a part of an organization counts is put right by way of the organization.', async () => {
  const world = await audited([], ({ workflows }) => workflows.set('members/default/7', { answer: [member()] }));
  expect(world.signals.map(({ workflowId }) => workflowId)).toEqual(['organization/default']);
});

test('An organization that does not answer keeps the watch from nothing.', async () => {
  const world = await audited(new Error('ask again'), ({ workflows }) =>
    workflows.set('members/default/7', { answer: [member()] }),
  );
  expect(endedOf(world)).toHaveLength(1);
});

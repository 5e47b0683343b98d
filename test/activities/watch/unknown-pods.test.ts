/** The watch where the pods of one organization cannot be known: it misses none of them, and sees to the others. */
import { activityWorld, HOME, podOf } from '../../support/fake-client';

const patiently = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });

test('An organization whose pods are not known is asked about for none of them, and keeps the watch from nobody else.', async () => {
  const world = activityWorld({}, { watchIntervalMs: 1, watchFullIntervalMs: 5 });
  const { runtime, workflows, environment, run, activities, signals, beats } = world;
  const { identity } = await runtime.prepareHome(HOME, patiently());
  await runtime.startPod(podOf(identity), patiently());
  workflows.set('workspace/ada/dev', { id: 'w1' });
  for (const name of ['one', 'two', 'three']) workflows.set(`workspace/ada/${name}`, { id: name, organization: 'lost' });
  const observe = jest.spyOn(runtime, 'observe');
  const listPods = runtime.listPods;
  runtime.listPods = (passOver) => {
    passOver?.('lost', 'the pods in perennial-lost are not known: forbidden');
    return listPods();
  };
  runtime.losePod({ id: 'w1', organization: 'default', build: 1 });
  const isObserved = () => observe.mock.calls.length > 0;
  // As a workspace does that takes notice of its lost pod; one that went on running would be signalled again by each full round.
  environment.on('heartbeat', () => isObserved() && workflows.set('workspace/ada/dev', { id: 'w1', state: 'building' }));
  const watching = run(activities.watch, { runtime: 'memory' });
  await new Promise<void>((resolve) => environment.on('heartbeat', () => isObserved() && beats.length > 60 && resolve()));
  environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
  expect(new Set(signals.map(({ workflowId }) => workflowId))).toEqual(new Set(['workspace/ada/dev']));
  expect(new Set(observe.mock.calls.map(([{ id }]) => id))).toEqual(new Set(['w1']));
});

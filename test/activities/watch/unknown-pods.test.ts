/** The watch while the pods of one organization cannot be listed: it reports none of them missing, and watches the others. */
import { activityContext, HOME, podOf } from '../../support/fake-client';

const progress = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });

test('No pod of an organization whose pods cannot be listed is observed, and other organizations are watched.', async () => {
  const context = activityContext({}, { watchIntervalMs: 1, watchFullIntervalMs: 5 });
  const { runtime, workflows, environment, run, activities, signals, heartbeats } = context;
  const { identity } = await runtime.prepareHome(HOME, progress());
  await runtime.startPod(podOf(identity), progress());
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
  // A workspace that takes the signal builds; while it ran, each full round would signal it again.
  environment.on('heartbeat', () => isObserved() && workflows.set('workspace/ada/dev', { id: 'w1', state: 'building' }));
  const watching = run(activities.watch, { runtime: 'memory' });
  await new Promise<void>((resolve) => environment.on('heartbeat', () => isObserved() && heartbeats.length > 60 && resolve()));
  environment.cancel('CANCELLED');
  await watching.catch(() => undefined);
  expect(new Set(signals.map(({ workflowId }) => workflowId))).toEqual(new Set(['workspace/ada/dev']));
  expect(new Set(observe.mock.calls.map(([{ id }]) => id))).toEqual(new Set(['w1']));
});

/** Waiting for pods, which leaves room for all else that the care queue does. */
import { createActivities } from '../../src/activities';
import { createMemoryRuntime } from '../../src/runtimes/memory';
import { DEADLINE, fakeClient, HOME, podOf, quietEnvironment } from '../support/fake-client';

const patiently = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });

test('No more than half of the long steps wait for pods; one that finds no place comes again, and its pod is not given up.', async () => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const runtime = createMemoryRuntime({ hold: (verb, call) => (verb === 'startPod' && call === 1 ? held : undefined) });
  const { client } = fakeClient();
  const { awaitPod } = createActivities({ runtime, client, maxLongSteps: 2, watchIntervalMs: 1_000 });
  const { identity } = await runtime.prepareHome(HOME, patiently());
  const wait = () => quietEnvironment().run(() => awaitPod({ pod: podOf(identity), deadline: DEADLINE }));
  const first = wait();
  await expect(wait()).rejects.toMatchObject({ type: 'NoCapacity', nonRetryable: false });
  letGo();
  expect(await first).toMatchObject({ value: { build: 1 } });
  expect(await wait()).toMatchObject({ value: { build: 1 } });
});

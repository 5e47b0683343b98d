/** Waiting for pods leaves slots for all other work of the care queue. */
import { createActivities } from '../../src/activities';
import { createMemoryRuntime } from '../../src/runtimes/memory';
import { DEADLINE, fakeClient, HOME, podOf, quietEnvironment } from '../support/fake-client';

const progress = () => ({ signal: new AbortController().signal, waitingFor: () => undefined });

test('At most half of the long steps wait for pods; a step without a slot is retried, and its pod stays.', async () => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const runtime = createMemoryRuntime({ hold: (verb, call) => (verb === 'startPod' && call === 1 ? held : undefined) });
  const { client } = fakeClient();
  const { awaitPod } = createActivities({ runtime, client, maxLongSteps: 2, watchIntervalMs: 1_000 });
  const { identity } = await runtime.prepareHome(HOME, progress());
  const wait = () => quietEnvironment().run(() => awaitPod({ pod: podOf(identity), deadline: DEADLINE }));
  const first = wait();
  await expect(wait()).rejects.toMatchObject({ type: 'NoCapacity', nonRetryable: false });
  letGo();
  expect(await first).toMatchObject({ value: { build: 1 } });
  expect(await wait()).toMatchObject({ value: { build: 1 } });
});

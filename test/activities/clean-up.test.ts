/** Stops, purges, and the last look: translated failures, heartbeats, and nothing undone. */
import { CancelledFailure } from '@temporalio/common';
import { RuntimeFailure } from '../../src/runtimes/failure';
import { activityContext, DEADLINE, HOME, podOf } from '../support/fake-client';

const POD = { id: 'w1', organization: 'default', build: 1 };

async function running(options: Parameters<typeof activityContext>[0] = {}) {
  const context = activityContext(options);
  const { value } = await context.run(context.activities.prepareHome, { home: HOME, deadline: DEADLINE });
  await context.run(context.activities.startPod, { pod: podOf(value.identity), deadline: DEADLINE });
  context.heartbeats.length = 0;
  return { ...context, identity: value.identity };
}

test('A stop removes the pod of its build, and once more does no harm.', async () => {
  const { runtime, run, activities } = await running();
  for (let round = 0; round < 2; round += 1) await run(activities.stopPod, { pod: POD });
  expect(await runtime.listPods()).toEqual([]);
  expect(await runtime.listHomes()).toHaveLength(1);
});

test("A stop leaves a newer build's pod alone.", async () => {
  const { runtime, run, activities, identity } = await running();
  await run(activities.startPod, { pod: podOf(identity, { build: 2 }), deadline: DEADLINE });
  await run(activities.stopPod, { pod: POD });
  expect((await runtime.listPods()).map(({ build, running: isUp }) => [build, isUp])).toEqual([[2, true]]);
});

test('A stop that is held up says so with its heartbeat, from the first moment on; cancelled, it leaves the pod.', async () => {
  const { runtime, environment, run, activities, heartbeats } = await running({
    hold: (verb) => (verb === 'stopPod' ? new Promise(() => undefined) : undefined),
  });
  const stopped = run(activities.stopPod, { pod: POD });
  const isSaid = new Promise((resolve) =>
    environment.on('heartbeat', ({ waitingFor }) => waitingFor.includes('holds') && resolve(null)),
  );
  await isSaid;
  expect(heartbeats[0]).toEqual({ waitingFor: 'the runtime' });
  environment.cancel('CANCELLED');
  expect(await stopped.catch((error: unknown) => error)).toBeInstanceOf(CancelledFailure);
  expect(await runtime.listPods()).toMatchObject([{ build: 1, running: true }]);
});

test.each([
  ['a terminal', 12_345, 12_345],
  ['no terminal', null, null],
])('The last look returns the last input of %s.', async (_, at, lastInputAt) => {
  const { runtime, run, activities } = await running();
  runtime.setTerminalInput(POD, at);
  expect(await run(activities.lastLook, { pod: POD })).toEqual({ lastInputAt });
});

test('The last look at a lost pod is PodLost and not retried; at a runtime out of reach it is retried.', async () => {
  const { runtime, run, activities } = await running();
  runtime.losePod(POD);
  await expect(run(activities.lastLook, { pod: POD })).rejects.toMatchObject({ type: 'PodLost', nonRetryable: true });
});

test('A purge removes the home, is safe to repeat, and is retried while a mounted home is HomeBusy.', async () => {
  const { runtime, run, activities, identity } = await running();
  const purge = () => run(activities.deleteHome, { id: 'w1', organization: 'default', identity });
  await expect(purge()).rejects.toMatchObject({ type: 'HomeBusy', nonRetryable: false });
  await run(activities.stopPod, { pod: POD });
  for (let round = 0; round < 2; round += 1) await purge();
  expect(await runtime.listHomes()).toEqual([]);
});

test('A purge leaves an unknown volume in the place of the home unchanged.', async () => {
  const { runtime, run, activities } = await running();
  await run(activities.stopPod, { pod: POD });
  const purged = run(activities.deleteHome, { id: 'w1', organization: 'default', identity: 'another' });
  await expect(purged).rejects.toMatchObject({ type: 'HomeMissing', nonRetryable: true });
  expect(await runtime.listHomes()).toHaveLength(1);
});

test('A refused clean-up or last look is retried, since an abandoned pod or home would be forgotten.', async () => {
  const refusal = new RuntimeFailure('NotAllowed', 'forbidden by a webhook');
  const { run, activities, identity } = await running({
    fail: (verb) => (verb === 'prepareHome' || verb === 'startPod' ? undefined : refusal),
  });
  const retried = { type: 'RuntimeUnavailable', message: 'forbidden by a webhook', nonRetryable: false };
  await expect(run(activities.stopPod, { pod: POD })).rejects.toMatchObject(retried);
  await expect(run(activities.lastLook, { pod: POD })).rejects.toMatchObject(retried);
  await expect(run(activities.deleteHome, { id: 'w1', organization: 'default', identity })).rejects.toMatchObject(retried);
});

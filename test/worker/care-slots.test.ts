/** Hooks that never end, on a worker with few slots, delay only other hooks. */
import { Worker } from '@temporalio/worker';
import fc from 'fast-check';
import { createActivities } from '../../src/activities';
import { CARE_QUEUE, STARTS_QUEUE, TASK_QUEUE } from '../../src/contract/names';
import { FEWEST_CARE_SLOTS, slotsForLongSteps } from '../../src/worker/care-slots';
import { TASK_TIMEOUT } from '../../src/worker/task-timeout';
import { until } from '../support/until';
import { sharedBundle } from '../support/workflows/shared-bundle';
import { clearOverrides, payloadConverterPath, type Stack, startStack, untilState } from '../support/workflows/temporal-env';

const CARE_SLOTS = 4;
/** Of four slots, one is the watch's and one no hook's. */
const HOOKS_AT_ONCE = 2;
const WORKSPACES = 10;
const SOON_MS = 30_000;

test('Hooks have at least one slot, and never the last two.', () => {
  fc.assert(
    fc.property(fc.integer({ min: FEWEST_CARE_SLOTS, max: 10_000 }), (careSlots) => {
      expect(slotsForLongSteps(careSlots)).toBeGreaterThanOrEqual(1);
      expect(slotsForLongSteps(careSlots)).toBeLessThanOrEqual(careSlots - 2);
    }),
  );
});

describe('On a worker with four care slots', () => {
  let stack: Stack;
  let endWorkers = async (): Promise<void> => undefined;
  beforeAll(async () => {
    stack = await startStack('dev');
    await stack.stopWorkers();
    endWorkers = await startWorkers(stack);
    const watch = { workflowId: 'watch/memory', taskQueue: TASK_QUEUE, args: [{ runtime: 'memory' }] };
    await stack.client.temporal.workflow.start('watch', watch);
  });
  afterAll(async () => {
    clearOverrides(stack);
    await endWorkers();
    await stack?.close();
  });

  test('stops, clean-ups, purges, and the last look run at once while many hooks never end, and a hook that waits is no attempt.', async () => {
    const create = (name: string) => stack.client.create({ owner: 'ada', name, image: 'starter:1' });
    const [idle, stopped, purged] = await Promise.all(['idle', 'stopped', 'purged'].map(create));
    if (!idle || !stopped || !purged) throw new Error('three were created');
    for (const workspace of [idle, stopped, purged]) await untilState(workspace, 'running');
    await stack.client.organization('default').setPolicy({ autoOff: { after: '1m', userControlled: false } });

    let hooks = 0;
    let mostHooks = 0;
    const ended = new AbortController();
    stack.overrides.exec = (_, __, signal) => {
      hooks += 1;
      mostHooks = Math.max(hooks, mostHooks);
      return untilEither(signal, ended.signal).then(() => {
        hooks -= 1;
        signal.throwIfAborted();
        return { exitCode: 0, stdout: 'state ended\nexit 0\n', stderr: '' };
      });
    };
    const waiting = await Promise.all(Array.from({ length: WORKSPACES }, (_, index) => create(`w${index}`)));
    await until('hooks have all their places', () => hooks === HOOKS_AT_ONCE);

    const begunAt = Date.now();
    await Promise.all([stopped.stop(), purged.delete({ purge: true }), waiting[0]?.cancelBuild()]);
    await Promise.all([untilState(stopped, 'off'), waiting[0] && untilState(waiting[0], 'off')]);
    await until('the home is purged', async () => (await stack.runtime.listHomes()).every(({ name }) => name !== 'purged'));
    expect(Date.now() - begunAt).toBeLessThan(SOON_MS);

    // The last look, after a minute without an access.
    const { since } = await untilState(idle, 'off');
    const { lastAccess, at } = (await idle.status()).autoOff;
    expect([lastAccess, at]).toEqual([null, null]);
    expect(Date.parse(since) - begunAt).toBeLessThan(60_000 + SOON_MS);
    // Between two polls of a hook none is under way.
    await until('hooks have all their places still', () => hooks === HOOKS_AT_ONCE);
    expect(mostHooks).toBe(HOOKS_AT_ONCE);

    ended.abort();
    for (const workspace of waiting.slice(1)) await untilState(workspace, 'running');
    const builds = await Promise.all(waiting.slice(1).map((workspace) => workspace.build()));
    const steps = builds.flatMap((build) => build.steps.filter(({ name }) => name === 'configure'));
    expect(steps.map(({ attempt }) => attempt)).toEqual(steps.map(() => 1));
  }, 400_000);
});

/** As worker.ts makes them, with few slots. */
async function startWorkers({ env, client, runtime }: Stack): Promise<() => Promise<void>> {
  const activities = createActivities({
    runtime,
    client: client.temporal,
    watchIntervalMs: 100,
    maxLongSteps: slotsForLongSteps(CARE_SLOTS),
  });
  const { nativeConnection: connection, namespace } = env;
  const options = {
    connection,
    ...(namespace && { namespace }),
    activities,
    dataConverter: { payloadConverterPath },
    ...TASK_TIMEOUT,
  };
  const workers = await Promise.all([
    Worker.create({ ...options, taskQueue: TASK_QUEUE, workflowBundle: await sharedBundle() }),
    Worker.create({ ...options, taskQueue: STARTS_QUEUE }),
    Worker.create({
      ...options,
      taskQueue: CARE_QUEUE,
      maxConcurrentActivityTaskExecutions: CARE_SLOTS,
      shutdownForceTime: '5s',
    }),
  ]);
  const runs = workers.map((worker) => worker.run());
  return async () => {
    for (const worker of workers) worker.shutdown();
    await Promise.allSettled(runs);
  };
}

function untilEither(...signals: AbortSignal[]): Promise<void> {
  const either = AbortSignal.any(signals);
  return new Promise((resolve) => {
    if (either.aborted) resolve();
    either.addEventListener('abort', () => resolve(), { once: true });
  });
}

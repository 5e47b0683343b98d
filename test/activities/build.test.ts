/** The activities of a build's steps: results, refusals, and that a cancel undoes nothing. */

import { QueryNotRegisteredError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { RuntimeFailure } from '../../src/runtimes/failure';
import { activityContext, DEADLINE, HOME, podOf } from '../support/fake-client';

const HOOK = { step: 'configure', build: 1, timeoutMs: 60_000, dotfiles: null } as const;
const POD = { id: 'w1', organization: 'default', build: 1 };

async function built(options: Parameters<typeof activityContext>[0] = {}) {
  const context = activityContext(options);
  const prepared = await context.run(context.activities.prepareHome, { home: HOME, deadline: DEADLINE });
  const pod = podOf(prepared.value.identity);
  return { ...context, pod, identity: prepared.value.identity };
}

describe('admit', () => {
  test('It returns the present policy, without its changes.', async () => {
    const { workflows, run, activities } = activityContext();
    workflows.set('organization/acme', { answer: { version: 3, changes: ['a change of the policy'] } });
    const { value, attempt } = await run(activities.admit, { organization: 'acme', deadline: DEADLINE });
    expect([value, attempt]).toEqual([{ policy: { version: 3, changedAt: 0 }, injects: false }, 1]);
  });

  test.each([
    ['an unknown organization', undefined, 'NotFound', true],
    [
      'a workflow that is no organization',
      new QueryNotRegisteredError('Workflow did not register a handler for policy', 3),
      'NotFound',
      true,
    ],
    ['a server that is away', new Error('14 UNAVAILABLE'), 'RuntimeUnavailable', false],
  ])('For %s the failure says so.', async (_, answer, type, nonRetryable) => {
    const { workflows, run, activities } = activityContext();
    if (answer) workflows.set('organization/acme', { answer });
    const admitted = run(activities.admit, { organization: 'acme', deadline: DEADLINE });
    await expect(admitted).rejects.toMatchObject({ type, nonRetryable, message: expect.stringContaining('acme') });
  });

  test("A query of the policy without an answer is waited for until the build's deadline, and no longer.", async () => {
    const { workflows, run, activities } = activityContext();
    workflows.set('organization/acme', { answer: new Promise(() => undefined) });
    const deadline = { text: '200ms', totalMs: 200, spentMs: 0 };
    const admitted = run(activities.admit, { organization: 'acme', deadline });
    const enough = new Promise((_, reject) => setTimeout(() => reject(new Error('it still waits after 30 s')), 30_000));
    await expect(Promise.race([admitted, enough])).rejects.toMatchObject({ type: 'BuildTimedOut' });
  });
});

describe('prepareHome', () => {
  test('Run twice, it returns the same home.', async () => {
    const { runtime, run, activities, identity } = await built();
    const again = await run(activities.prepareHome, { home: { ...HOME, identity }, deadline: DEADLINE });
    expect(again.value.identity).toBe(identity);
    expect(await runtime.listHomes()).toHaveLength(1);
  });

  test.each([
    ['no workspace', undefined, null],
    ['a workspace that has ended', { status: 'COMPLETED', id: 'w1' }, null],
    ['a workspace of the same name with another home', { id: 'w2' }, null],
    ['a living workspace', { id: 'w1' }, 'NotAllowed'],
  ])('A home of %s is taken over, or refused.', async (_, holder, type) => {
    const { workflows, run, activities } = await built();
    if (holder) workflows.set('workspace/ada/dev', holder);
    const home = { ...HOME, name: 'heir', adopt: true };
    const adopted = run(activities.prepareHome, { home, deadline: DEADLINE });
    if (type === null) expect(await adopted).toMatchObject({ value: { identity: 'home-1' } });
    else await expect(adopted).rejects.toMatchObject({ type, nonRetryable: true });
  });

  test('The adoption of a home that does not exist fails with HomeMissing, and no home is created.', async () => {
    const { runtime, run, activities } = activityContext();
    const adopted = run(activities.prepareHome, { home: { ...HOME, adopt: true }, deadline: DEADLINE });
    await expect(adopted).rejects.toMatchObject({ type: 'HomeMissing', nonRetryable: true });
    expect(await runtime.listHomes()).toEqual([]);
  });

  test('The adoption of a home is retried while the list of homes is incomplete.', async () => {
    const { runtime, activities, run } = await built();
    jest.spyOn(runtime, 'listHomes').mockImplementation(async (passOver) => {
      passOver?.('namespace perennial-default');
      return [];
    });
    const adopted = run(activities.prepareHome, { home: { ...HOME, adopt: true }, deadline: DEADLINE });
    await expect(adopted).rejects.toMatchObject({ type: 'RuntimeUnavailable', nonRetryable: false });
  });
});

describe('startPod', () => {
  test('Its heartbeat says what it waits for; a cancel undoes nothing, and the next attempt finds the pod.', async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { runtime, activities, environment, run, pod } = await built({
      hold: (verb) => (verb === 'startPod' ? held : undefined),
    });
    const started = run(activities.startPod, { pod, deadline: DEADLINE });
    await new Promise((resolve) =>
      environment.on('heartbeat', ({ waitingFor }) => waitingFor.includes('holds') && resolve(null)),
    );
    environment.cancel('CANCELLED');
    const failure = await started.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect((failure as CancelledFailure).details).toEqual([{ attempt: 1, tookMs: expect.any(Number) }]);
    letGo();
    expect(runtime.calls).not.toContain('stopPod');
    expect(await runtime.listHomes()).toHaveLength(1);
  });

  test('The pod of an older build than the newest seen is StaleBuild, with the number found.', async () => {
    const { run, activities, pod } = await built();
    await run(activities.startPod, { pod: { ...pod, build: 5 }, deadline: DEADLINE });
    const stale = run(activities.startPod, { pod, deadline: DEADLINE });
    await expect(stale).rejects.toMatchObject({ type: 'StaleBuild', nonRetryable: true, details: [{ found: 5, attempt: 1 }] });
  });
});

describe('runHookStep', () => {
  afterEach(() => void jest.useRealTimers());

  test("Its result is the hook's; how long it took and which attempt it was stand beside it.", async () => {
    const answer = { exitCode: 0, stdout: 'state ended\nexit 3\nran 5\noutput\nbad luck\n', stderr: '' };
    const { run, activities, pod } = await built({ exec: () => answer });
    await run(activities.startPod, { pod, deadline: DEADLINE });
    const result = await run(activities.runHookStep, { pod: POD, owner: 'ada', hook: HOOK, deadline: DEADLINE });
    expect(result).toMatchObject({ attempt: 1, value: null, hook: { state: 'warning', lastLines: ['bad luck'] } });
  });

  test('A pod that is lost in the middle of a hook is PodLost, which is not retried.', async () => {
    const { runtime, run, activities, pod } = await built({ exec: () => new Promise(() => undefined) });
    await run(activities.startPod, { pod, deadline: DEADLINE });
    const hook = run(activities.runHookStep, { pod: POD, owner: 'ada', hook: HOOK, deadline: DEADLINE });
    runtime.losePod(POD, { reason: 'it was evicted' });
    await expect(hook).rejects.toMatchObject({ type: 'PodLost', nonRetryable: true });
  });

  test('A look at the hook that takes longer than a minute is given up and retried.', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const signals: AbortSignal[] = [];
    const exec = (_pod: unknown, _command: unknown, signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<never>(() => undefined);
    };
    const { run, activities, pod } = await built({ exec });
    await run(activities.startPod, { pod, deadline: DEADLINE });
    let failure: unknown;
    const hook = run(activities.runHookStep, { pod: POD, owner: 'ada', hook: HOOK, deadline: DEADLINE }).catch(
      (error: unknown) => {
        failure = error;
      },
    );
    await jest.advanceTimersByTimeAsync(59_000);
    expect(failure).toBeUndefined();
    await jest.advanceTimersByTimeAsync(1_000);
    await hook;
    expect(failure).toMatchObject({ type: 'RuntimeUnavailable', nonRetryable: false, message: expect.stringContaining('60 s') });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('A runtime out of reach is retried.', async () => {
    const exec = () => Promise.reject(new RuntimeFailure('RuntimeUnavailable', 'the cluster is away'));
    const { run, activities, pod } = await built({ exec });
    await run(activities.startPod, { pod, deadline: DEADLINE });
    const hook = run(activities.runHookStep, { pod: POD, owner: 'ada', hook: HOOK, deadline: DEADLINE });
    await expect(hook).rejects.toMatchObject({ type: 'RuntimeUnavailable', nonRetryable: false, nextRetryDelay: 1_000 });
  });
});

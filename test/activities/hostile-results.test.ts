/** Oversized results of pods, images, and clusters, and oversized failures: what enters a history stays within fixed limits. */
import { ApplicationFailure, DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { Activities, StepResult } from '../../src/activities';
import type { WorkspaceSecrets } from '../../src/activities/workspace-secrets';
import { RuntimeFailure } from '../../src/runtimes/failure';
import type { MemoryOptions } from '../../src/runtimes/memory';
import type { Pod } from '../../src/runtimes/runtime';
import { activityContext, DEADLINE, HOME, podOf } from '../support/fake-client';
import { until } from '../support/until';

type StartInput = Parameters<Activities['startPod']>[0];

const POD = { id: 'w1', organization: 'default', build: 1 };
const HOOK = { step: 'configure', build: 1, timeoutMs: 60_000, dotfiles: null } as const;
const INJECTION = { pod: POD, owner: 'ada', name: 'dev', gitHosts: [], isRepeated: true, deadline: DEADLINE };
const EMPTY_SET = { access: null, sshKey: null, gitHosts: [], env: [], files: [], credentials: [] };
const SECRETS: WorkspaceSecrets = {
  read: async () => ({ set: EMPTY_SET, delivered: [], warnings: [], expiresAt: null }),
  valuesToMask: async () => [],
  inject: async () => ({ fingerprint: null, warnings: [] }),
};
/** Of one result, one failure, and one heartbeat, as they stand in a history. */
const [RESULT_BYTES, FAILURE_BYTES, HEARTBEAT_BYTES] = [100_000, 8_000, 2_000];

const TEXTS = [
  ['plain letters', 'x'],
  ['quotes', '"'],
  ['line ends', '\n'],
  ['ideographs', '語'],
  ['halves of emojis', '\ud83d'],
  ['control characters', '\u0001'],
].map(([name = '', letter = '']): [string, string] => [name, letter.repeat(300_000)]);

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
/** A failure whose message, cause, and details are all too long. */
function failureWith(type: RuntimeFailure['type'], text: string): RuntimeFailure {
  let cause: Error = new Error(text);
  for (let depth = 0; depth < 200; depth += 1) cause = new Error(text, { cause });
  return new RuntimeFailure(type, text, { cause, details: { found: 3, counted: false, text, deep: { text } } });
}

describe.each(TEXTS)('%s', (_, text) => {
  test.each(['startPod', 'awaitPod'] as const)('An oversized pod is cut in the result of %s.', async (verb) => {
    const { runtime, run, activities } = activityContext();
    const { value } = await run(activities.prepareHome, { home: HOME, deadline: DEADLINE });
    const names = { instance: text, digest: text, user: text, home: text, more: text };
    const pod = { id: 'w1', build: 1, uid: 1000, ...names, warnings: Array(900).fill(text) } as Pod;
    jest.spyOn(runtime, 'startPod').mockResolvedValue(pod);
    const result = await run<StartInput, StepResult<Pod | null>>(activities[verb], {
      pod: podOf(value.identity),
      deadline: DEADLINE,
    });
    expect(bytesOf(result)).toBeLessThan(RESULT_BYTES);
    expect(result.value?.warnings).toHaveLength(20);
    expect(result.value?.warnings.at(-1)).toBe('and 881 more warnings');
  });

  test('An oversized identity is refused, since a cut one might be that of another home.', async () => {
    const { runtime, run, activities } = activityContext();
    jest.spyOn(runtime, 'prepareHome').mockResolvedValue({ identity: text });
    const prepared = run(activities.prepareHome, { home: HOME, deadline: DEADLINE });
    await expect(prepared).rejects.toMatchObject({
      type: 'RuntimeUnavailable',
      message: expect.stringMatching(/300000 characters/),
    });
  });

  test('A hook whose report and output are too long is cut.', async () => {
    const report = Array.from({ length: 900 }, (_line, index) => `report warning: ${index}${text.slice(0, 2_000)}\n`).join('');
    const stdout = `state ended\nexit 3\nran 5\n${report}output\n${`${text.slice(0, 900)}\n`.repeat(100)}`;
    const { run, activities } = await started({ exec: () => ({ exitCode: 0, stdout, stderr: text }) });
    const result = await run(activities.runHookStep, { pod: POD, owner: 'ada', hook: HOOK, deadline: DEADLINE });
    expect(bytesOf(result)).toBeLessThan(RESULT_BYTES);
    expect(result.hook?.warnings.length).toBeLessThanOrEqual(20);
    expect(result.hook?.message?.length).toBeLessThanOrEqual(500);
    expect(result.hook?.lastLines.length).toBeLessThanOrEqual(50);
  });

  test('What a pod and a store say of an injection is cut.', async () => {
    const delivered = Array.from({ length: 900 }, () => ({ name: text, scope: 'owner' as const, version: 1 }));
    const read = async () => ({
      set: { ...EMPTY_SET, access: { url: '', token: '' } },
      delivered,
      warnings: [],
      expiresAt: Number.NaN,
    });
    const inject = async () => ({ fingerprint: text, warnings: Array(900).fill(text) as string[] });
    const { run, activities } = await started({}, { ...SECRETS, read, inject });
    const injected = await run(activities.injectSecrets, INJECTION);
    const refreshed = await run(activities.refreshSecrets, INJECTION);
    for (const value of [injected.value, refreshed]) {
      expect(bytesOf(value)).toBeLessThan(RESULT_BYTES);
      expect([value.delivered.length, value.warnings.length, value.expiresAt]).toEqual([200, 20, null]);
      expect([value.delivered[0]?.name.length, value.fingerprint?.length].every((length = 0) => length <= 100)).toBe(true);
    }
  });

  test.each([
    ['RuntimeUnavailable', () => failureWith('RuntimeUnavailable', text)],
    ['ImageInvalid', () => failureWith('ImageInvalid', text)],
    ['a plain error', () => new Error(text, { cause: failureWith('NotFound', text) })],
    ['a failure of the SDK', () => ApplicationFailure.create({ type: text, message: text, details: [{ text }, text] })],
    ['no error', () => text],
  ])('What every verb that a workflow asks for fails with (%s) is cut, and brings no cause.', async (_name, failure) => {
    const fail = () => {
      throw failure();
    };
    const context = await started({}, { read: fail, valuesToMask: fail, inject: fail });
    for (const verb of [
      'prepareHome',
      'startPod',
      'exec',
      'stopPod',
      'deleteHome',
      'lastTerminalInput',
      'listPods',
      'listHomes',
    ] as const) {
      jest.spyOn(context.runtime, verb).mockImplementation(async () => {
        throw failure();
      });
    }
    context.workflows.set('organization/default', { answer: new Error(text) });
    for (const [name, call] of Object.entries(calls(context))) {
      const bytes = bytesOf(encoded(await call().catch((error: unknown) => error)));
      expect([name, bytes < FAILURE_BYTES || bytes]).toEqual([name, true]);
    }
    expect(Math.max(...context.heartbeats.map(bytesOf), 0)).toBeLessThan(HEARTBEAT_BYTES);
  });

  test('The reason of a lost pod is cut before it is reported.', async () => {
    const context = await started();
    context.workflows.set('workspace/ada/dev', { id: 'w1' });
    context.runtime.losePod(POD, { reason: text });
    const watching = context.run(context.activities.watch, { runtime: 'memory' }).catch((error: unknown) => error);
    await until('the workspace is informed', () => context.signals.length > 0);
    context.environment.cancel('CANCELLED');
    await watching;
    // A busy machine may report it twice before the watch ends.
    for (const { input } of context.signals) expect(bytesOf(input)).toBeLessThan(HEARTBEAT_BYTES);
  });

  test('What a verb says it waits for is cut in heartbeats, and in the failure of a clean-up that takes too long.', async () => {
    const context = await started();
    jest.spyOn(context.runtime, 'stopPod').mockImplementation((_pod, { waitingFor }) => {
      waitingFor(text);
      return new Promise(() => undefined);
    });
    const failure = await context.run(context.activities.stopPod, { pod: POD, limitMs: 400 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      type: 'RuntimeUnavailable',
      message: expect.stringMatching(/^after 0.4 s it still waits for /),
    });
    expect(bytesOf(encoded(failure))).toBeLessThan(FAILURE_BYTES);
    expect(context.heartbeats.length).toBeGreaterThan(1);
    expect(Math.max(...context.heartbeats.map(bytesOf))).toBeLessThan(HEARTBEAT_BYTES);
  });
});

async function started(options: MemoryOptions = {}, secrets: WorkspaceSecrets = SECRETS) {
  const context = activityContext(options, { secrets });
  const { value } = await context.run(context.activities.prepareHome, { home: HOME, deadline: DEADLINE });
  await context.run(context.activities.startPod, { pod: podOf(value.identity), deadline: DEADLINE });
  return context;
}

/** Every activity that asks a runtime or a store, and the watch. */
function calls({ run, activities }: Awaited<ReturnType<typeof started>>): Record<string, () => Promise<unknown>> {
  const deadline = DEADLINE;
  return {
    admit: () => run(activities.admit, { organization: 'default', deadline }),
    readPolicy: () => run(activities.readPolicy, { organization: 'default' }),
    prepareHome: () => run(activities.prepareHome, { home: HOME, deadline }),
    startPod: () => run(activities.startPod, { pod: podOf('home-1'), deadline }),
    awaitPod: () => run(activities.awaitPod, { pod: podOf('home-1'), deadline }),
    // Of a workspace that has ended, whose home is looked for.
    checkLedger: () =>
      run(activities.checkLedger, {
        organization: 'default',
        owner: 'ada',
        workspaces: [{ name: 'gone', id: 'w2', running: true }],
      }),
    injectSecrets: () => run(activities.injectSecrets, INJECTION),
    refreshSecrets: () => run(activities.refreshSecrets, INJECTION),
    runHookStep: () => run(activities.runHookStep, { pod: POD, owner: 'ada', hook: HOOK, deadline }),
    stopPod: () => run(activities.stopPod, { pod: POD }),
    lastLook: () => run(activities.lastLook, { pod: POD }),
    deleteHome: () => run(activities.deleteHome, { id: 'w1', organization: 'default', identity: 'home-1' }),
    watch: () => run(activities.watch, { runtime: 'memory' }),
  };
}

/** Its size as the worker encodes it. */
function encoded(failure: unknown): object {
  expect(failure).toBeInstanceOf(ApplicationFailure);
  return new DefaultFailureConverter().errorToFailure(failure, defaultPayloadConverter);
}

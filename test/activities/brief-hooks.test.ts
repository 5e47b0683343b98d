/** What `injectSecrets` does beyond the injection, in a pod with a real shell, on a runtime with sessions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WorkspaceSecrets } from '../../src/activities/workspace-secrets';
import type { HookSpec } from '../../src/hooks/hook';
import { RuntimeFailure } from '../../src/runtimes/failure';
import type { CommandResult } from '../../src/runtimes/runtime';
import { createFileStore } from '../../src/secrets/files';
import { setSecret } from '../../src/secrets/named-secrets';
import { workspaceSecrets } from '../../src/worker/secrets';
import { activityContext, DEADLINE, HOME, podOf } from '../support/fake-client';
import { makeTestPod, SHELLS, type TestPod } from '../support/hook-env';
import { until } from '../support/until';

const CANARY = 'canary-7d2a4b1f0c9e';
const POD = { id: 'w1', organization: 'default', build: 1 };
const HOOKS = (['configure', 'personalize'] as const).map(
  (step): HookSpec => ({ step, build: 1, timeoutMs: 60_000, dotfiles: null }),
);
const STEP = {
  pod: POD,
  owner: 'ada',
  name: 'dev',
  gitHosts: [],
  isRepeated: false,
  deadline: DEADLINE,
  hooks: HOOKS,
};

let folder: string;
let pod: TestPod;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'brief-hooks-test-'));
  pod = makeTestPod(SHELLS[0] ?? 'sh');
});
afterEach(() => {
  pod.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Options {
  gatewayUrl?: string | null;
  change?: Partial<WorkspaceSecrets>;
  attempt?: number;
  /** Before each command; `at` counts from 1. */
  beforeCommand?(at: number, signal: AbortSignal): Promise<void> | void;
}

/** A pod of build 1 that runs, in a runtime with sessions, which are counted. */
async function started({ gatewayUrl = 'http://127.0.0.1:1', change = {}, attempt = 1, beforeCommand }: Options = {}) {
  const store = createFileStore(path.join(folder, 'keys'));
  const secrets = { ...workspaceSecrets({ store, installation: 'installation-1', gatewayUrl }), ...change };
  const sessions = { opened: 0, closed: 0, execs: 0 };
  const exec = async (_pod: unknown, command: Parameters<TestPod['exec']>[0], signal: AbortSignal): Promise<CommandResult> => {
    sessions.execs += 1;
    await beforeCommand?.(sessions.execs, signal);
    return pod.exec(command);
  };
  const context = activityContext({ exec }, { secrets, info: { attempt } });
  const { runtime } = context;
  const { value } = await context.run(context.activities.prepareHome, { home: HOME, deadline: DEADLINE });
  await context.run(context.activities.startPod, { pod: podOf(value.identity), deadline: DEADLINE });
  runtime.openSession = async (of) => {
    sessions.opened += 1;
    return {
      exec: (command, signal) => runtime.exec(of, command, signal),
      close: () => {
        sessions.closed += 1;
      },
    };
  };
  return { ...context, store, sessions, inject: (input = STEP) => context.run(context.activities.injectSecrets, input) };
}

test('Hooks that end at once run with the injection, over one connection, and with the secrets.', async () => {
  const { store, inject, sessions } = await started();
  await setSecret(store, {
    holder: { scope: 'owner', name: 'ada' },
    name: 'TOKEN',
    target: {},
    value: Buffer.from(CANARY),
    by: 'ada',
  });
  pod.writeConfigure('#!/bin/sh\necho "it is $TOKEN"\n');
  pod.writeHome('personalize', '#!/bin/sh\necho mine; exit 3\n', 0o755);
  const { value, hooks } = await inject();
  expect(value).toMatchObject({ delivered: [{ name: 'TOKEN' }] });
  expect(hooks).toEqual([
    {
      step: 'configure',
      result: expect.objectContaining({ state: 'done', lastLines: ['it is ***'] }),
      tookMs: expect.any(Number),
    },
    {
      step: 'personalize',
      result: expect.objectContaining({ state: 'warning', lastLines: ['mine'] }),
      tookMs: expect.any(Number),
    },
  ]);
  expect(sessions).toMatchObject({ opened: 1, closed: 1, execs: 3 });
});

test('Hooks that there are none of cost one command each, also where there is nothing to inject.', async () => {
  const { inject, sessions } = await started({ gatewayUrl: null });
  const { value, hooks } = await inject();
  expect(value.isEmpty).toBe(true);
  expect(hooks?.map(({ step, result }) => [step, result.state])).toEqual([
    ['configure', 'skipped'],
    ['personalize', 'skipped'],
  ]);
  expect(sessions).toMatchObject({ opened: 1, execs: 2 });
});

test('A hook that takes longer is left to its own step, which joins it; the next one has not begun.', async () => {
  const { inject, run, activities } = await started();
  pod.writeConfigure('#!/bin/sh\necho began >>"$HOME/runs"; sleep 3; echo slow\n');
  pod.writeHome('personalize', '#!/bin/sh\ntouch "$HOME/personalized"\n', 0o755);
  const result = await inject();
  expect(result.hooks).toBeUndefined();
  expect(() => pod.readHome('personalized')).toThrow('ENOENT');
  const [hook] = HOOKS;
  if (!hook) throw new Error('no hook');
  const { hook: joined } = await run(activities.runHookStep, { pod: POD, owner: 'ada', hook, deadline: DEADLINE });
  expect(joined).toMatchObject({ state: 'done', lastLines: ['slow'] });
  expect(pod.readHome('runs')).toBe('began\n');
});

test('A first hook that has ended counts, where the second takes longer.', async () => {
  const { inject } = await started();
  pod.writeConfigure('#!/bin/sh\necho quick\n');
  pod.writeHome('personalize', '#!/bin/sh\nsleep 3\n', 0o755);
  expect((await inject()).hooks).toMatchObject([{ step: 'configure', result: { lastLines: ['quick'] } }]);
});

test.each([
  ['a later attempt', { attempt: 2 }, STEP],
  ['a step that an earlier run had begun', {}, { ...STEP, isRepeated: true }],
  ['a workflow that names no hooks', {}, { ...STEP, hooks: [] }],
])('%s only injects.', async (_, options, input) => {
  const { inject, sessions } = await started(options);
  expect((await inject(input)).hooks).toBeUndefined();
  expect(sessions).toMatchObject({ opened: 0, execs: 1 });
});

test('No failure of a hook fails the injection, and no hook begins where the injection failed.', async () => {
  const fail = (at: number) => {
    if (at === 2) throw new RuntimeFailure('RuntimeUnavailable', 'the connection broke off');
  };
  const broken = await started({ beforeCommand: fail });
  pod.writeConfigure('#!/bin/sh\ntouch "$HOME/configured"\n');
  expect(await broken.inject()).toMatchObject({ value: { isEmpty: false }, attempt: 1 });
  expect(broken.sessions).toMatchObject({ closed: 1, execs: 2 });
  const refused = await started({ change: { inject: () => Promise.reject(new Error('no')) } });
  await expect(refused.inject()).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
  expect(refused.sessions).toMatchObject({ opened: 1, closed: 1, execs: 0 });
  expect(() => pod.readHome('configured')).toThrow('ENOENT');
});

test('Values that cannot be read leave the hooks to their own steps, and nothing of their output is returned.', async () => {
  const valuesToMask = () => Promise.reject(new RuntimeFailure('RuntimeUnavailable', 'the store is away'));
  const { inject } = await started({ change: { valuesToMask } });
  pod.writeConfigure('#!/bin/sh\necho something\n');
  const result = await inject();
  expect(result.hooks).toBeUndefined();
  expect(JSON.stringify(result)).not.toContain('something');
});

/** Holds one command of the pod, counted from 1, until it is aborted. */
function holdCommand(held: number) {
  let reach = () => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const beforeCommand = async (at: number, signal: AbortSignal) => {
    if (at !== held) return;
    reach();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
  };
  return { reached, beforeCommand };
}

test('Heartbeats while a hook runs keep what the injection used of the deadline, for an attempt of another worker.', async () => {
  const heartbeats: unknown[] = [];
  const beforeCommand = async (at: number) => {
    if (at !== 2) return;
    environment.on('heartbeat', (details) => heartbeats.push(details));
    await until('two heartbeats were sent', () => heartbeats.length >= 2);
  };
  const { inject, environment } = await started({ beforeCommand });
  const { tookMs: usedMs } = await inject();
  const heartbeat = { waitingFor: 'configure to begin', usedMs };
  expect(heartbeats.slice(0, 2)).toEqual([heartbeat, heartbeat]);
});

test('A cancellation while a hook runs leaves the hook alone, and the injection counts.', async () => {
  const { reached, beforeCommand } = holdCommand(2);
  const { inject, environment, sessions } = await started({ beforeCommand });
  const injecting = inject();
  await reached;
  environment.cancel('CANCELLED');
  const result = await injecting;
  expect(result).toMatchObject({ value: { isEmpty: false } });
  expect(result.hooks).toBeUndefined();
  expect(sessions.closed).toBe(1);
});

test('A hook that has ended is reported also where a cancellation comes during the next one.', async () => {
  const { reached, beforeCommand } = holdCommand(3);
  const { inject, environment } = await started({ beforeCommand });
  pod.writeConfigure('#!/bin/sh\necho quick\n');
  const injecting = inject();
  await reached;
  environment.cancel('CANCELLED');
  expect((await injecting).hooks).toMatchObject([{ step: 'configure', result: { state: 'done', lastLines: ['quick'] } }]);
});

test('A lost pod is final.', async () => {
  const { runtime, inject } = await started();
  runtime.losePod(POD);
  runtime.openSession = () => Promise.reject(new RuntimeFailure('PodLost', 'it is gone'));
  await expect(inject()).rejects.toMatchObject({ type: 'PodLost', nonRetryable: true });
});

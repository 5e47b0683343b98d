/** The injection into a pod with a real shell, from a real store of files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { WorkspaceSecrets } from '../../src/activities/workspace-secrets';
import type { GitHostPolicy } from '../../src/contract/policy';
import { RuntimeFailure } from '../../src/runtimes/failure';
import type { CommandResult } from '../../src/runtimes/runtime';
import { createFileStore } from '../../src/secrets/files';
import { deleteSecret, setSecret } from '../../src/secrets/named-secrets';
import { ownerKey } from '../../src/secrets/owner-key';
import { workspaceSecrets } from '../../src/worker/secrets';
import { activityContext, DEADLINE, HOME, podOf } from '../support/fake-client';
import { makeTestPod, SHELLS, type TestPod } from '../support/hook-env';
import { secretsOf } from '../support/injected-pod';

const CANARY = 'canary-4b1f0c9e7d2a';
const POD = { id: 'w1', organization: 'default', build: 1 };
const HOST = 'git.example.com';
const GIT = [{ host: HOST, knownHosts: [`${HOST} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE`] }];
const INPUT = { pod: POD, owner: 'ada', name: 'dev', gitHosts: [] as GitHostPolicy[] };
const STEP = { ...INPUT, isRepeated: false, deadline: DEADLINE };
const HOOK = { step: 'configure', build: 1, timeoutMs: 60_000, dotfiles: null } as const;

let folder: string;
let pod: TestPod;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'injection-test-'));
  pod = makeTestPod(SHELLS[0] ?? 'sh');
});
afterEach(() => {
  pod.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A pod of build 1 that runs, and the activities of a worker with a store. */
async function started({ gatewayUrl = null as string | null, change = {} as Partial<WorkspaceSecrets> } = {}) {
  const store = createFileStore(path.join(folder, 'keys'));
  const secrets = { ...workspaceSecrets({ store, installation: 'installation-1', gatewayUrl }), ...change };
  const execs: string[] = [];
  const exec = async (_pod: unknown, command: Parameters<TestPod['exec']>[0]): Promise<CommandResult> => {
    execs.push(command.argv.join(' '));
    return pod.exec(command);
  };
  const context = activityContext({ exec }, { secrets });
  const { value } = await context.run(context.activities.prepareHome, { home: HOME, deadline: DEADLINE });
  await context.run(context.activities.startPod, { pod: podOf(value.identity), deadline: DEADLINE });
  return { ...context, store, execs, inject: (input = STEP) => context.run(context.activities.injectSecrets, input) };
}

const set = (store: Parameters<typeof setSecret>[0], name: string, value: string, target: Record<string, unknown> = {}) =>
  setSecret(store, { holder: { scope: 'owner', name: 'ada' }, name, target, value: Buffer.from(value), by: 'ada' });

test('What the store has arrives in the pod, and the workflow gets references alone.', async () => {
  const { store, inject, heartbeats, execs } = await started({ gatewayUrl: 'http://127.0.0.1:8080' });
  await set(store, 'NPM_TOKEN', CANARY);
  await setSecret(store, {
    holder: { scope: 'organization', name: 'default' },
    name: 'kubeconfig',
    target: { file: '.kube/config' },
    value: Buffer.from(`${CANARY}-file`),
    by: null,
  });
  const before = Date.now();
  const result = await inject({ ...STEP, gitHosts: GIT });
  const key = await ownerKey(store, 'ada');
  expect(result.value).toEqual({
    delivered: [
      { name: 'NPM_TOKEN', scope: 'owner', version: 1 },
      { name: 'kubeconfig', scope: 'organization', version: 1 },
    ],
    fingerprint: key.fingerprint,
    expiresAt: expect.any(Number),
    warnings: [],
    isEmpty: false,
  });
  expect(result.value.expiresAt).toBeGreaterThan(before + 7_100_000);
  expect(pod.readHome('.kube/config')).toBe(`${CANARY}-file`);
  expect(secretsOf(pod).read('ssh/id_ed25519').toString()).toBe(key.privateKey);
  const shown = JSON.stringify([result, heartbeats, execs]);
  expect([shown.includes(CANARY), shown.includes('PRIVATE KEY'), shown.includes('eyJ')]).toEqual([false, false, false]);
});

test('A new pod with nothing to inject is left alone; from a pod that may have something it is removed.', async () => {
  const { store, inject, execs, run, activities } = await started();
  expect((await inject()).value).toMatchObject({ delivered: [], isEmpty: true });
  expect(execs).toEqual([]);
  await set(store, 'token', CANARY, { file: '.token' });
  await inject();
  expect(pod.readHome('.token')).toBe(CANARY);
  await deleteSecret(store, { holder: { scope: 'owner', name: 'ada' }, name: 'token', by: null });
  expect((await inject({ ...STEP, isRepeated: true })).value).toMatchObject({ delivered: [], isEmpty: true });
  expect(() => pod.readHome('.token')).toThrow('ENOENT');
  expect((await run(activities.refreshSecrets, INPUT)).isEmpty).toBe(true);
  expect(execs).toHaveLength(3);
});

test('A refresh brings a changed value, and what is in its way is a warning.', async () => {
  const { store, inject, run, activities } = await started();
  await set(store, 'token', 'the first value', { file: '.token' });
  await inject();
  await set(store, 'token', CANARY);
  await set(store, 'token', CANARY, { file: '.token' });
  pod.writeHome('.netrc', 'my own');
  await set(store, 'netrc', `${CANARY}-2`, { file: '.netrc' });
  const { delivered, warnings } = await run(activities.refreshSecrets, INPUT);
  expect(delivered).toContainEqual({ name: 'token', scope: 'owner', version: 3 });
  expect([pod.readHome('.token'), pod.readHome('.netrc')]).toEqual([CANARY, 'my own']);
  expect(warnings).toEqual([expect.stringContaining('.netrc')]);
});

test('An attempt that was scheduled before the latest injection is refused, and is tried again.', async () => {
  const { store, inject, environment, run, activities } = await started();
  const { info } = environment.context;
  await set(store, 'NPM_TOKEN', CANARY);
  await inject();
  Object.assign(info, { currentAttemptScheduledTimestampMs: info.currentAttemptScheduledTimestampMs - 1 });
  await expect(run(activities.refreshSecrets, INPUT)).rejects.toMatchObject({
    type: 'RuntimeUnavailable',
    nonRetryable: false,
    message: expect.stringContaining('a later set is there already'),
  });
});

test.each([
  ['a store that does not answer', new RuntimeFailure('RuntimeUnavailable', 'the store is away'), /the store is away/],
  ['a store that refuses', new RuntimeFailure('NotAllowed', 'no'), /no/],
  ['an error that quotes a value', new TypeError(`${CANARY} is not iterable`), /injected: TypeError$/],
  ['what is no error', CANARY, /injected: string$/],
])('A refresh that meets %s is tried again, and no message has a value.', async (_, failure, message) => {
  const read = () => Promise.reject(failure);
  const { run, activities } = await started({ change: { read } });
  const error: unknown = await run(activities.refreshSecrets, INPUT).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ type: 'RuntimeUnavailable', nonRetryable: false, message: expect.stringMatching(message) });
  expect(JSON.stringify(error)).not.toContain(CANARY);
  expect((error as ApplicationFailure).cause).toBeUndefined();
});

test('A step that meets an error with a value in it says only which kind of error it was.', async () => {
  const { inject } = await started({ change: { inject: () => Promise.reject(new Error(CANARY)) } });
  const error: unknown = await inject().catch((reason: unknown) => reason);
  // Nothing is in the store, so nothing was injected.
  expect(error).toMatchObject({ value: { isEmpty: true } });
  const failed = await started({ gatewayUrl: 'http://127.0.0.1:1', change: { inject: () => Promise.reject(new Error(CANARY)) } });
  const failure: unknown = await failed.inject().catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: 'RuntimeUnavailable', message: 'the secrets could not be injected: Error' });
});

test('The loss of the pod is final for both.', async () => {
  const { runtime, inject, run, activities } = await started({ gatewayUrl: 'http://127.0.0.1:1' });
  runtime.losePod(POD);
  await expect(inject()).rejects.toMatchObject({ type: 'PodLost', nonRetryable: true });
  await expect(run(activities.refreshSecrets, INPUT)).rejects.toMatchObject({ type: 'PodLost', nonRetryable: true });
});

test('A cancelled refresh ends at once, however long the store takes.', async () => {
  const { run, activities, environment } = await started({ change: { read: () => new Promise(() => undefined) } });
  const refreshing = run(activities.refreshSecrets, INPUT);
  environment.cancel('CANCELLED');
  await expect(refreshing).rejects.toThrow();
});

test('A worker without a store says so, where another one began the build.', async () => {
  const { run, activities } = activityContext();
  await expect(run(activities.injectSecrets, STEP)).rejects.toMatchObject({
    type: 'RuntimeUnavailable',
    message: expect.stringContaining('no store of secrets'),
  });
});

test("A hook's output is masked with the values of its owner, also a value that is set while the hook runs.", async () => {
  const { store, inject, run, activities } = await started();
  await set(store, 'NPM_TOKEN', CANARY);
  await inject();
  pod.writeConfigure(`#!/bin/sh\necho "$NPM_TOKEN"; echo later-value-7c1d; sleep 1\n`);
  const hooking = run(activities.runHookStep, { pod: POD, owner: 'ada', hook: HOOK, deadline: DEADLINE });
  await set(store, 'later', 'later-value-7c1d');
  expect((await hooking).hook).toMatchObject({ state: 'done', lastLines: ['***', '***'] });
});

test('A hook whose values to mask cannot be read is observed again later, and nothing of its output is returned.', async () => {
  const valuesToMask = () => Promise.reject(new RuntimeFailure('RuntimeUnavailable', 'the store is away'));
  const { run, activities, execs } = await started({ change: { valuesToMask } });
  const hook = run(activities.runHookStep, { pod: POD, owner: 'ada', hook: HOOK, deadline: DEADLINE });
  await expect(hook).rejects.toMatchObject({ type: 'RuntimeUnavailable', nonRetryable: false });
  expect(execs).toHaveLength(1);
});

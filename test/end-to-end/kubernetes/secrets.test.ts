/** Secrets in pods of a real cluster: in memory, for the user of the image alone, and gone with the pod. */
import type { Exec } from '../../../src/hooks/hook';
import { injectSecrets } from '../../../src/hooks/inject/inject-secrets';
import { runHook } from '../../../src/hooks/run-hook';
import { podName } from '../../../src/runtimes/kubernetes/object-names';
import { progressOf, specOf } from '../../support/hook-env';
import { makeSshKey, setOf } from '../../support/injected-pod';
import {
  type ClusterEnv,
  IMAGE,
  NEXT_IMAGE,
  ODD_IMAGE,
  OTHER_IMAGE,
  openTestCluster,
} from '../../support/kubernetes/cluster-env';
import { HOME, patiently, podSpec, REF } from '../../support/runtimes/contract-harness';
import { openShell } from '../../support/runtimes/open-shell';

const CANARY = 'canary-value-0123456789';
const KEY = makeSshKey();
const SET = setOf({
  access: { url: 'http://127.0.0.1:1', token: `token-${CANARY}` },
  sshKey: KEY,
  gitHosts: [{ host: 'git.example.org', knownHosts: ['git.example.org ssh-ed25519 AAAA'] }],
  env: [{ name: 'MINE', value: Buffer.from(CANARY) }],
  files: [{ path: '.npmrc', value: Buffer.from(CANARY) }],
  credentials: [{ host: 'git.example.org', username: 'oauth2', password: CANARY, expiresAt: null }],
});
const FOLDER = '/run/perennial/secrets';

const cluster = openTestCluster();
let env: ClusterEnv;
let identity: string;
beforeEach(async () => {
  env = await cluster.openEnv();
  ({ identity } = await env.runtime.prepareHome(HOME, patiently()));
});
afterEach(() => env.end());
afterAll(() => cluster.end());

const start = (build: number, image: string) =>
  env.runtime.startPod(podSpec({ build, home: identity, image, podSecurity: 'restricted' }), patiently());
const execIn =
  (build: number): Exec =>
  (command) =>
    env.runtime.exec({ ...REF, build }, command, patiently().signal);
const sh = async (build: number, script: string) => (await execIn(build)({ argv: ['sh', '-c', script] })).stdout;
const inShell = (build: number, input: string, command: string[] = []) =>
  openShell(env.runtime, { ...REF, build }, { input, command });

test.each([
  ['of Debian', IMAGE, 1000],
  ['of busybox', NEXT_IMAGE, 1000],
  ['with another uid', OTHER_IMAGE, 2000],
  ['with its programs elsewhere', ODD_IMAGE, 1000],
])('An image %s gets its secrets into memory, and only its user can read them.', async (_, image, uid) => {
  await start(1, image);
  expect(await injectSecrets(execIn(1), SET)).toEqual({ fingerprint: KEY.fingerprint, warnings: [] });
  expect(await sh(1, `stat -f -c %T ${FOLDER}; stat -c '%a %u' ${FOLDER}/current/ssh/id_ed25519`)).toBe(`tmpfs\n600 ${uid}\n`);
  expect(
    await sh(1, `find ${FOLDER} ! -user ${uid}; find ${FOLDER} ! -type l -perm -1; find ${FOLDER} ! -type l -perm -040`),
  ).toBe('');
  expect(await sh(1, 'cat ~/.npmrc')).toBe(CANARY);
  expect(await sh(1, 'grep -rl canary ~/.perennial || echo none')).toBe('none\n');
  const print = 'printf "<%s> <%s>\\n" "$MINE" "$(command -v git-credential-perennial)"';
  const expected = `<${CANARY}> <${FOLDER}/bin/git-credential-perennial>`;
  expect(await inShell(1, '', ['sh', '-c', print])).toBe(`${expected}\n`);
  expect(await inShell(1, `${print}\nexit\n`)).toContain(expected);
  const asked = ['sh', '-c', 'printf "protocol=https\\nhost=git.example.org\\n\\n" | git-credential-perennial get'];
  expect(await inShell(1, '', asked)).toBe(`username=oauth2\npassword=${CANARY}\n`);
  const pod = await env.api.pods.read({ namespace: env.namespace, name: podName(REF.id) });
  expect(JSON.stringify(pod)).not.toContain('canary');
});

test('Hooks have the variables, and a changed or removed secret is so for the next terminal and at once for files.', async () => {
  await start(1, NEXT_IMAGE);
  await injectSecrets(execIn(1), SET);
  await sh(1, 'printf \'#!/bin/sh\\necho "<$MINE>" >hook-saw\\n\' >personalize && chmod +x personalize');
  expect((await runHook(execIn(1), specOf({ step: 'personalize' }), progressOf())).state).toBe('done');
  expect(await sh(1, 'cat hook-saw')).toBe(`<${CANARY}>\n`);
  await injectSecrets(execIn(1), { ...SET, env: [], files: [{ path: '.npmrc', value: Buffer.from('changed') }] });
  expect(await inShell(1, '', ['sh', '-c', 'echo "<$MINE>"; cat ~/.npmrc'])).toBe('<>\nchanged');
  await injectSecrets(execIn(1), setOf());
  expect(await sh(1, `cd ${FOLDER}/current && ls -A files && ls -A ssh; ls ~/.npmrc 2>/dev/null`)).toBe('');
});

test('They are gone with the pod, and the next pod’s links lead to its own.', async () => {
  await start(1, NEXT_IMAGE);
  await injectSecrets(execIn(1), SET);
  await env.runtime.stopPod({ ...REF, build: 1 }, patiently());
  await start(2, NEXT_IMAGE);
  expect(await sh(2, `ls -A ${FOLDER} 2>/dev/null; cat ~/.npmrc 2>/dev/null || echo gone`)).toBe('gone\n');
  await injectSecrets(execIn(2), SET);
  expect(await sh(2, 'cat ~/.npmrc')).toBe(CANARY);
});

test('As many secrets as are allowed fit, and are replaced in one go.', async () => {
  await start(1, NEXT_IMAGE);
  const files = Array.from({ length: 200 }, (_, at) => ({ path: `many/${at}`, value: Buffer.alloc(65_536, at) }));
  for (const round of [1, 2]) {
    expect((await injectSecrets(execIn(1), setOf({ files }))).warnings).toEqual([]);
    expect(await sh(1, 'cat many/* | wc -c')).toBe(`${200 * 65_536}\n`);
    expect(round).toBeGreaterThan(0);
  }
});

/** Git over SSH and HTTPS from pods. The servers run on this machine. */
import { networkInterfaces } from 'node:os';
import type { Exec } from '../../../src/hooks/hook';
import { injectSecrets } from '../../../src/hooks/inject/inject-secrets';
import { runHook } from '../../../src/hooks/run-hook';
import { type HttpsServer, MISSING, type SshServer, startHttpsServer, startSshServer } from '../../support/git-servers';
import { progressOf, specOf } from '../../support/hook-env';
import { makeSshKey, setOf } from '../../support/injected-pod';
import { type ClusterEnv, IMAGE, openTestCluster } from '../../support/kubernetes/cluster-env';
import { HOME, patiently, podSpec, REF } from '../../support/runtimes/contract-harness';
import { openShell } from '../../support/runtimes/open-shell';

const KEY = makeSshKey();
const TOKEN = 'token-of-the-git-host-42';
const cluster = openTestCluster();
let env: ClusterEnv;
let build = 0;
beforeEach(async () => {
  env = await cluster.openEnv();
});
afterEach(() => env.end());
afterAll(() => cluster.end());

const exec: Exec = (command) => env.runtime.exec({ ...REF, build }, command, patiently().signal);
const sh = async (script: string) => (await exec({ argv: ['sh', '-c', script] })).stdout;
const inShell = (input: string, command: string[] = []) => openShell(env.runtime, { ...REF, build }, { input, command });
const personalize = (uri: string) => runHook(exec, specOf({ step: 'personalize', build, dotfiles: { uri } }), progressOf());

async function start(): Promise<void> {
  build += 1;
  const { identity } = await env.runtime.prepareHome(HOME, patiently());
  await env.runtime.startPod(podSpec({ build, home: identity, image: IMAGE, podSecurity: 'restricted' }), patiently());
}

/** The address of this machine that the pod reaches. */
async function findAddress(): Promise<string> {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const addresses = all.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address);
  for (const address of addresses) {
    const server = await startHttpsServer({ username: '', password: '' }, address);
    const answer = await sh(`curl -sk -m 3 -o /dev/null -w %{http_code} https://${server.host}/`);
    await server.stop();
    if (answer === '401') return address;
  }
  throw new Error(`expected a pod to reach one of this machine's addresses: ${addresses.join(', ')}`);
}

async function withServers(work: (servers: { ssh: SshServer; https: HttpsServer }) => Promise<void>): Promise<void> {
  const address = await findAddress();
  const ssh = await startSshServer(address);
  const https = await startHttpsServer({ username: 'oauth2', password: TOKEN }, address);
  try {
    await work({ ssh, https });
  } finally {
    await ssh.stop();
    await https.stop();
  }
}

const CASE = `Git reaches private repositories over SSH and HTTPS from dotfiles, a command, and a terminal, and refuses unknown hosts`;
test(`${CASE}${MISSING.length === 0 ? '' : `: not tested, ${MISSING.join(', ')}`}.`, async () => {
  if (MISSING.length > 0) return;
  await start();
  await withServers(async ({ ssh, https }) => {
    ssh.accept(KEY.publicKey);
    const credentials = [{ host: https.host, username: 'oauth2', password: TOKEN, expiresAt: 4_000_000_000 }];
    const set = setOf({ sshKey: KEY, gitHosts: [{ host: ssh.host, knownHosts: [ssh.knownHost] }], credentials });
    await exec({ argv: ['sh', '-c', 'cat >ca.pem; git config --global http.sslCAInfo "~/ca.pem"'], stdin: https.certificate });
    const before = await sh('ls -A ~/.ssh 2>/dev/null; cat ~/.gitconfig');
    await injectSecrets(exec, set);
    expect(await personalize(ssh.uri)).toMatchObject({ state: 'done', warnings: [] });
    await sh('rm -rf dotfiles .vimrc');
    await start();
    await injectSecrets(exec, set);
    expect(await personalize(https.uri)).toMatchObject({ state: 'done', warnings: [] });
    expect(await sh('cat ~/.vimrc')).toBe('set number\n');
    const clones = `rm -rf one two; git clone -q ${ssh.uri} one; git clone -q ${https.uri} two; ls one/.vimrc two/.vimrc`;
    expect(await inShell('', ['sh', '-c', clones])).toContain('two/.vimrc');
    expect(await inShell(`${clones}; exit\n`)).toMatch(/one\/\.vimrc\s+two\/\.vimrc/);
    expect(await sh('ls -A ~/.ssh 2>/dev/null; cat ~/.gitconfig')).toBe(before);
    const next = makeSshKey();
    ssh.accept(next.publicKey);
    expect(await inShell('', ['git', 'ls-remote', ssh.uri])).toContain('Permission denied');
    expect((await injectSecrets(exec, { ...set, sshKey: next })).fingerprint).toBe(next.fingerprint);
    expect(await inShell('', ['git', 'ls-remote', ssh.uri])).toContain('refs/heads/main');
    await injectSecrets(exec, { ...set, gitHosts: [{ host: 'git.example.org', knownHosts: [] }] });
    expect(await inShell(`git ls-remote ${ssh.uri}; exit\n`)).toMatch(/Host key verification failed/);
  });
});

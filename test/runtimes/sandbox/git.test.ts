import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HookStep } from '../../../src/hooks/hook';
import { injectSecrets } from '../../../src/hooks/inject/inject-secrets';
import type { InjectedSet } from '../../../src/hooks/inject/injected-set';
import { runHook } from '../../../src/hooks/run-hook';
import { type HttpsServer, MISSING, type SshServer, startHttpsServer, startSshServer } from '../../support/git-servers';
import { progressOf, specOf } from '../../support/hook-env';
import { makeSshKey, setOf } from '../../support/injected-pod';
import { patiently, podSpec } from '../../support/runtimes/contract';
import { openShell } from '../../support/runtimes/open-shell';
import { type Isolation, KINDS, makeSandboxEnv, type SandboxEnv } from '../../support/runtimes/sandbox-env';

const REF = { id: 'w1', owner: 'ada', name: 'dev', organization: 'default' };
const KEY = makeSshKey();
const TOKEN = 'token-of-the-git-host-42';

let sandbox: SandboxEnv;
let ssh: SshServer;
let https: HttpsServer;
let build: number;

const begin = async (isolation: Isolation) => {
  sandbox = await makeSandboxEnv(isolation);
  build = 0;
  ssh = await startSshServer();
  https = await startHttpsServer({ username: 'oauth2', password: TOKEN });
  ssh.accept(KEY.publicKey);
};
const end = async () => {
  await sandbox.end();
  await ssh.stop();
  await https.stop();
};

const run = (command: { argv: string[]; stdin?: string }) => sandbox.runtime.exec({ ...REF, build }, command, patiently().signal);
const sh = async (script: string) => (await run({ argv: ['sh', '-c', script] })).stdout;
const hosts = () => [{ host: ssh.host, knownHosts: [ssh.knownHost] }];
const credentials = () => [{ host: https.host, username: 'oauth2', password: TOKEN, expiresAt: 4_000_000_000 }];
const wholeSet = (changes: Partial<InjectedSet> = {}) =>
  setOf({ sshKey: KEY, gitHosts: hosts(), credentials: credentials(), ...changes });

/** A new pod with the same home. */
async function start(set: InjectedSet = wholeSet(), configure?: string): Promise<void> {
  build += 1;
  if (configure !== undefined) {
    writeFileSync(path.join(sandbox.imagesDir, 'starter/1/rootfs/coder/configure'), configure, { mode: 0o755 });
  }
  const { identity } = await sandbox.runtime.prepareHome({ ...REF, identity: null, adopt: false, disk: '10Gi' }, patiently());
  await sandbox.runtime.startPod(podSpec({ build, home: identity, image: 'starter:1' }), patiently());
  await run({
    argv: ['sh', '-c', 'cat >ca.pem; git config --global http.sslCAInfo "~/ca.pem"; git config --global user.name Ada'],
    stdin: https.certificate,
  });
  await injectSecrets(run, set);
}

const hook = (step: HookStep, uri?: string) =>
  runHook(run, specOf({ step, build, dotfiles: uri === undefined ? null : { uri } }), progressOf());

const inShell = (input: string, command: string[] = []) => openShell(sandbox.runtime, { ...REF, build }, { input, command });

const CLONES = () => `#!/bin/sh
cd && rm -rf one two
git clone -q ${ssh.uri} one && git clone -q ${https.uri} two && git -C one pull -q && echo both cloned
`;
const SETTINGS = 'ls -A ~/.ssh 2>/dev/null; cat ~/.gitconfig';

const testRepositories = () => {
  it('reaches private repositories over SSH and HTTPS from configure, dotfiles, a command, and a terminal.', async () => {
    await start(wholeSet(), CLONES());
    const before = await sh(SETTINGS);
    expect(await hook('configure')).toMatchObject({ state: 'done', lastLines: ['both cloned'] });
    expect(await hook('personalize', ssh.uri)).toMatchObject({ state: 'done', warnings: [] });
    await start();
    await sh('rm -rf dotfiles .vimrc');
    expect(await hook('personalize', https.uri)).toMatchObject({ state: 'done', warnings: [] });
    expect(await sh('cat ~/.vimrc')).toBe('set number\n');
    expect(await inShell('', ['sh', '-c', CLONES()])).toContain('both cloned');
    expect(
      await inShell(
        `rm -rf one two; git clone -q ${ssh.uri} one; git clone -q ${https.uri} two; ls one/.vimrc two/.vimrc; exit\n`,
      ),
    ).toMatch(/one\/\.vimrc\s+two\/\.vimrc/);
    expect(await sh(SETTINGS)).toBe(before);
    expect(new Set(https.seen)).toEqual(new Set([`oauth2:${TOKEN}`]));
  });

  it('ssh, scp, sftp, and rsync use the same key, and the user’s own comes first.', async () => {
    await start();
    const host = ssh.uri.slice('ssh://'.length).split(/[:/]/)[0] ?? '';
    const script = `
ssh -p ${ssh.port} ${host} echo reached
scp -q -P ${ssh.port} ${host}:/etc/hostname copied && echo copied
echo 'get /etc/hostname fetched' | sftp -q -b - -P ${ssh.port} ${host} >/dev/null && echo fetched
! command -v rsync >/dev/null || { rsync -q -e 'ssh -p ${ssh.port}' ${host}:/etc/hostname synced && [ -s synced ]; } && echo synced`;
    expect(await inShell('', ['sh', '-c', script])).toBe('reached\ncopied\nfetched\nsynced\n');
    const own = makeSshKey();
    ssh.accept(own.publicKey);
    expect(await inShell('', ['ssh', '-p', String(ssh.port), host, 'echo', 'reached'])).toContain('Permission denied');
    await run({ argv: ['sh', '-c', 'umask 077; mkdir .ssh; cat >.ssh/id_ed25519'], stdin: own.privateKey });
    expect(await inShell('', ['ssh', '-p', String(ssh.port), host, 'echo', 'reached'])).toBe('reached\n');
    ssh.accept(`${own.publicKey}${KEY.publicKey}`);
    const offered = await inShell('', ['sh', '-c', `ssh -v -p ${ssh.port} ${host} true 2>&1 | grep 'Server accepts key'`]);
    expect(offered).toContain('.ssh/id_ed25519');
  });
};

const testHosts = () => {
  it('a host that is unknown, or has another key, is refused, and nothing is asked.', async () => {
    const other = await startSshServer();
    try {
      other.accept(KEY.publicKey);
      await start();
      const clone = (uri: string) => inShell(`git clone ${uri} other; echo ended $?; exit\n`);
      const unknown = await clone(other.uri);
      expect(unknown).toMatch(/Host key verification failed/);
      expect(unknown).toMatch(/ended 128/);
      expect(unknown).not.toMatch(/continue connecting/);
      const { warnings } = await hook('personalize', other.uri);
      expect(warnings.join()).toMatch(/could not be cloned/);
      await start(
        wholeSet({ gitHosts: [{ host: ssh.host, knownHosts: [other.knownHost.replace(`:${other.port}`, `:${ssh.port}`)] }] }),
      );
      await sh(
        `mkdir -p .ssh; echo '${ssh.knownHost}' >.ssh/known_hosts; printf 'Host *\\nStrictHostKeyChecking no\\n' >.ssh/config`,
      );
      expect(await clone(ssh.uri)).toMatch(/Host key verification failed/);
    } finally {
      await other.stop();
    }
  });

  it('a new key and a removed credential hold at once, also in a command that began before.', async () => {
    await start();
    const next = makeSshKey();
    ssh.accept(next.publicKey);
    const probe = `git ls-remote ${ssh.uri} >/dev/null 2>&1; echo $?; GIT_TERMINAL_PROMPT=0 git ls-remote ${https.uri} >/dev/null 2>&1; echo $?`;
    const waiting = inShell('', ['sh', '-c', `${probe}; touch seen; until [ -e next ]; do sleep 0.1; done; ${probe}`]);
    await sh('until [ -e seen ]; do sleep 0.1; done');
    await injectSecrets(run, wholeSet({ sshKey: next, credentials: [] }));
    await sh('touch next');
    expect((await waiting).trim().split('\n')).toEqual(['128', '0', '0', '128']);
  });
};

if (MISSING.length === 0) {
  describe.each(KINDS)('Git in a sandbox (isolation: %s)', (isolation) => {
    beforeEach(() => begin(isolation));
    afterEach(end);
    testRepositories();
    testHosts();
  });
} else {
  it(`Git over SSH and HTTPS is not tested here: ${MISSING.join(', ')}.`, () => expect(MISSING).not.toEqual([]));
}

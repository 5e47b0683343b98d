import { existsSync, readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { injectSecrets } from '../../../src/hooks/inject/inject-secrets';
import { runHook } from '../../../src/hooks/run-hook';
import { layOut } from '../../../src/runtimes/sandbox/store/paths';
import { readSandbox } from '../../../src/runtimes/sandbox/store/sandbox-record';
import { progressOf, specOf } from '../../support/hook-env';
import { makeSshKey, setOf } from '../../support/injected-pod';
import { patiently, podSpec } from '../../support/runtimes/contract';
import { openShell } from '../../support/runtimes/open-shell';
import { type Isolation, KINDS, makeSandboxEnv, type SandboxEnv, uidInside } from '../../support/runtimes/sandbox-env';

const REF = { id: 'w1', owner: 'ada', name: 'dev', organization: 'default' };
const CANARY = 'canary-value-0123456789';
const KEY = makeSshKey();
const SET = setOf({
  sshKey: KEY,
  gitHosts: [{ host: 'git.example.org', knownHosts: ['git.example.org ssh-ed25519 AAAA'] }],
  env: [{ name: 'MINE', value: Buffer.from(CANARY) }],
  files: [{ path: '.npmrc', value: Buffer.from(CANARY) }],
});

let sandbox: SandboxEnv;
let identity: string;
const start = (build: number) => sandbox.runtime.startPod(podSpec({ build, home: identity, image: 'starter:1' }), patiently());
const execIn = (build: number) => (command: { argv: string[]; stdin?: string }) =>
  sandbox.runtime.exec({ ...REF, build }, command, patiently().signal);
const sh = async (build: number, script: string) => (await execIn(build)({ argv: ['sh', '-c', script] })).stdout;
const inShell = (build: number, input: string, command: string[] = []) =>
  openShell(sandbox.runtime, { ...REF, build }, { input, command });
const recordOf = async () => (await readSandbox(layOut(sandbox.dir), REF.id))?.pod;

describe.each(KINDS)('Secrets in a sandbox (isolation: %s)', (isolation: Isolation) => {
  beforeEach(async () => {
    sandbox = await makeSandboxEnv(isolation);
    ({ identity } = await sandbox.runtime.prepareHome({ ...REF, identity: null, adopt: false, disk: '10Gi' }, patiently()));
  });
  afterEach(() => sandbox.end());

  it('lie in memory, and only the user of the image can read them.', async () => {
    await start(1);
    expect(await injectSecrets(execIn(1), SET)).toEqual({ fingerprint: KEY.fingerprint, warnings: [] });
    const folder = (await recordOf())?.secrets ?? '/run/perennial/secrets';
    expect(await sh(1, `d=${folder}; stat -f -c %T "$d"; stat -c '%a %u' "$d" "$d/current/ssh/id_ed25519"`)).toBe(
      `tmpfs\n700 ${uidInside(isolation)}\n600 ${uidInside(isolation)}\n`,
    );
    expect(await sh(1, 'cat ~/.npmrc')).toBe(CANARY);
    const home = path.join(sandbox.dir, 'homes', REF.id);
    const texts = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(texts.filter((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8').includes(CANARY))).toEqual([]);
  });

  it('are gone with their sandbox, also when its processes were killed, and a link waits for the next one.', async () => {
    await start(1);
    await injectSecrets(execIn(1), SET);
    const first = (await recordOf())?.secrets ?? null;
    expect(first === null).toBe(isolation !== 'plain');
    if (first !== null) expect(statfsSync(first).type).toBe(0x01021994);
    await sandbox.losePod({ ...REF, build: 1 });
    await start(2);
    expect(first !== null && existsSync(first)).toBe(false);
    expect(await sh(2, 'cat ~/.npmrc || echo gone')).toBe('gone\n');
    await injectSecrets(execIn(2), SET);
    expect(await sh(2, 'cat ~/.npmrc')).toBe(CANARY);
    const second = (await recordOf())?.secrets ?? null;
    await sandbox.runtime.stopPod({ ...REF, build: 2 }, patiently());
    expect(second !== null && existsSync(second)).toBe(false);
  });

  it('are variables of hooks, commands, and terminals that begin later, and so are the programs of the workspace.', async () => {
    const configure = '#!/bin/sh\nprintf "<%s> <%s>\\n" "$MINE" "$(command -v ssh)"\n';
    writeFileSync(path.join(sandbox.imagesDir, 'starter/1/rootfs/coder/configure'), configure, { mode: 0o755 });
    await start(1);
    const print = 'printf "<%s> <%s>\\n" "$MINE" "$(command -v ssh)"';
    const bin = `${(await recordOf())?.secrets ?? '/run/perennial/secrets'}/bin`;
    expect(await inShell(1, '', ['sh', '-c', print])).not.toContain(CANARY);
    await injectSecrets(execIn(1), SET);
    const expected = `<${CANARY}> <${bin}/ssh>`;
    expect(await inShell(1, '', ['sh', '-c', print])).toContain(expected);
    expect(await inShell(1, `${print}; exit\n`)).toContain(expected);
    await sh(1, 'printf \'alias kept="echo an alias"; PATH="$HOME/own:$PATH"\\n\' >.profile');
    expect(await inShell(1, 'kept; echo "<$PATH>"; env | grep -c "^PERENNIAL_.*PATH\\|^ENV="; exit\n')).toMatch(
      new RegExp(`an alias\\s+<${'[^>]*'}/own:${bin}:[^>]*>\\s+0`),
    );
    await injectSecrets(execIn(1), { ...SET, env: [] });
    expect(await inShell(1, `${print}; exit\n`)).toContain(`<> <${bin}/ssh>`);
    await injectSecrets(execIn(1), SET);
    const { state } = await runHook(execIn(1), specOf(), progressOf());
    expect(state).toBe('done');
    expect(await sh(1, 'cat .perennial/logs/build-1/configure.log')).toBe(`${expected}\n`);
    expect(await sh(1, 'cat /proc/[0-9]*/cmdline | tr "\\0" " "')).not.toContain(CANARY);
  });
});

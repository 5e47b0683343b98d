import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expectFailure, patiently, podSpec } from '../../support/runtimes/contract';
import { HOME, REF } from '../../support/runtimes/contract-harness';
import { isRoot, makeSandboxEnv, type SandboxEnv } from '../../support/runtimes/sandbox-env';

const USER = isRoot ? { uid: 1000, gid: 1000 } : {};

describe('The removal of a home', () => {
  let sandbox: SandboxEnv;
  let identity: string;
  let home: string;
  beforeEach(async () => {
    sandbox = await makeSandboxEnv('auto');
    ({ identity } = await sandbox.runtime.prepareHome(HOME, patiently()));
    await sandbox.runtime.startPod(podSpec({ build: 1, home: identity, image: 'starter:1' }), patiently());
    await sandbox.runtime.stopPod({ ...REF, build: 1 }, patiently());
    home = path.join(sandbox.dir, 'homes', REF.id);
  });
  afterEach(() => sandbox.end());

  const remove = () => sandbox.runtime.deleteHome({ id: REF.id, organization: 'default', identity });

  /** Runs a script as the home's user on the machine, as something that was left running there could. */
  async function asUser(script: string): Promise<void> {
    const child = spawn('sh', ['-c', script], { ...USER, cwd: home, stdio: 'inherit' });
    await new Promise((resolve) => child.once('exit', resolve));
  }

  it('never leaves the home, while something inside swaps a folder for a link over and over.', async () => {
    const foreign = path.join(sandbox.root, 'foreign');
    mkdirSync(foreign);
    if (isRoot) chownSync(foreign, 0, 0);
    for (let index = 0; index < 2_000; index += 1) writeFileSync(path.join(foreign, `f${index}`), '');
    await asUser('mkdir a; cd a; i=0; while [ $i -lt 200 ]; do mkdir -p d$i/e; : >d$i/e/f; i=$((i + 1)); done');
    const swap = 'cd a && while :; do mv d$1 x$1 && ln -s "$2" d$1 && rm d$1; mv x$1 d$1; done';
    const swappers = [150, 180, 199].map((each) =>
      spawn('sh', ['-c', swap, 'sh', String(each), foreign], { ...USER, cwd: home, stdio: 'ignore', detached: true }),
    );
    try {
      // Files that are created meanwhile may keep the folder from being empty.
      await remove().catch(() => {});
    } finally {
      for (const { pid } of swappers) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    }
    expect(readdirSync(foreign)).toHaveLength(2_000);
    await remove();
    expect(await sandbox.runtime.listHomes()).toEqual([]);
  });

  it('ends where paths are longer than one system call accepts, and does not block the process meanwhile.', async () => {
    await asUser('i=0; while [ $i -lt 60 ]; do n=$(printf %0200d 1); mkdir $n; cd $n; i=$((i + 1)); done; : >file');
    let turns = 0;
    let isDone = false;
    const removing = remove().finally(() => {
      isDone = true;
    });
    for (; !isDone; turns += 1) await turn();
    await removing;
    expect(turns).toBeGreaterThan(3);
    expect(readdirSync(path.dirname(home))).toEqual([]);
  });

  it('takes what its user made read-only, and what belongs to root.', async () => {
    await asUser('mkdir -p mod/cache empty; : >mod/cache/file; chmod 500 mod/cache mod; chmod 0 empty');
    if (isRoot) {
      mkdirSync(path.join(home, 'of-root/inner'), { recursive: true });
      writeFileSync(path.join(home, 'of-root/inner/file'), '');
    }
    await remove();
    expect(existsSync(home)).toBe(false);
    expect(readdirSync(path.dirname(home))).toEqual([]);
  });

  it('takes links, and not what they lead to.', async () => {
    const foreign = path.join(sandbox.root, 'foreign');
    mkdirSync(foreign);
    writeFileSync(path.join(foreign, 'file'), 'kept');
    symlinkSync(foreign, path.join(home, 'link'));
    await remove();
    expect(readFileSync(path.join(foreign, 'file'), 'utf8')).toBe('kept');
  });
});

describe('The first build of a home that was cut off', () => {
  let sandbox: SandboxEnv;
  let identity: string;
  let home: string;
  beforeEach(async () => {
    sandbox = await makeSandboxEnv('auto');
    ({ identity } = await sandbox.runtime.prepareHome(HOME, patiently()));
    await sandbox.runtime.startPod(podSpec({ build: 1, home: identity, image: 'starter:1' }), patiently());
    await sandbox.runtime.stopPod({ ...REF, build: 1 }, patiently());
    home = path.join(sandbox.dir, 'homes', REF.id);
    const file = path.join(sandbox.dir, 'records', `${REF.id}.json`);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"seeded": true', '"seeded": false'));
  });
  afterEach(() => sandbox.end());

  it('gives away nothing of others by a link that its user left.', async () => {
    const foreign = path.join(sandbox.root, 'foreign');
    mkdirSync(foreign);
    writeFileSync(path.join(foreign, 'home'), 'mine');
    chmodSync(foreign, 0o700);
    const { uid, mode } = lstatSync(path.join(foreign, 'home'));
    const child = spawn('sh', ['-c', 'rm -rf .perennial; ln -s "$0" .perennial', foreign], { ...USER, cwd: home });
    await new Promise((resolve) => child.once('exit', resolve));
    await sandbox.runtime.startPod(podSpec({ build: 2, home: identity, image: 'starter:1' }), patiently());
    expect(lstatSync(path.join(foreign, 'home'))).toMatchObject({ uid, mode });
    expect(lstatSync(home)).toMatchObject(isRoot ? USER : { uid: process.getuid?.() });
  });

  it('belongs to one user permanently: an image of another is refused.', async () => {
    const start = sandbox.runtime.startPod(podSpec({ build: 2, home: identity, image: 'other:1' }), patiently());
    // Where all files belong to the user of the service, no image is of another.
    if (!isRoot) await start;
    else expect((await expectFailure(start, 'ImageInvalid')).message).toMatch(/2000.*1000/);
  });
});

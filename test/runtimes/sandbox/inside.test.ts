import { chmodSync, chownSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expectFailure, patiently, podSpec } from '../../support/runtimes/contract';
import {
  canIsolate,
  type Isolation,
  isRoot,
  KINDS,
  makeImage,
  makeSandboxEnv,
  type SandboxEnv,
  uidInside,
} from '../../support/runtimes/sandbox-env';
import { testStreams } from '../../support/runtimes/shell-streams';
import { until } from '../../support/until';

const REF = { id: 'w1', owner: 'ada', name: 'dev', organization: 'default' };

let sandbox: SandboxEnv;
let identity: string;

async function begin(isolation: Isolation, parent?: string): Promise<void> {
  sandbox = await makeSandboxEnv(isolation, parent);
  ({ identity } = await sandbox.runtime.prepareHome({ ...REF, identity: null, adopt: false, disk: '10Gi' }, patiently()));
}
const start = (build: number, image = 'starter:1') =>
  sandbox.runtime.startPod(podSpec({ build, home: identity, image, env: { OWN: 'set' } }), patiently());
const sh = (build: number, script: string, signal = patiently().signal) =>
  sandbox.runtime.exec({ id: REF.id, organization: 'default', build }, { argv: ['sh', '-c', script] }, signal);
const homeOutside = () => path.join(sandbox.dir, 'homes', REF.id);

describe.each(KINDS)('Inside a sandbox (isolation: %s)', (isolation) => {
  beforeEach(() => begin(isolation));
  afterEach(() => sandbox.end());

  it('a command runs as the user, in the home, with a clean environment.', async () => {
    const pod = await start(1);
    const { stdout } = await sh(1, 'id -u; pwd; env');
    const [uid, folder, ...env] = stdout.trim().split('\n');
    expect(uid).toBe(String(uidInside(isolation)));
    expect(folder).toBe(pod.home);
    expect(env).toEqual(
      expect.arrayContaining(['IMAGE=one', 'OWN=set', 'USER=coder', 'LOGNAME=coder', 'SHELL=/bin/bash', `HOME=${pod.home}`]),
    );
    expect(stdout).not.toContain('NODE_ENV');
  });

  it('a command gets its own input and environment, and returns its exit code.', async () => {
    await start(1);
    const command = { argv: ['sh', '-c', 'cat; echo "$MINE" >&2; exit 7'], stdin: 'input', env: { MINE: 'mine' } };
    const result = await sandbox.runtime.exec({ id: REF.id, organization: 'default', build: 1 }, command, patiently().signal);
    expect(result).toEqual({ exitCode: 7, stdout: 'input', stderr: 'mine\n' });
    expect((await sh(1, 'kill -9 $$')).exitCode).toBe(137);
    expect(
      (
        await sandbox.runtime.exec(
          { id: REF.id, organization: 'default', build: 1 },
          { argv: ['no-such-program'] },
          patiently().signal,
        )
      ).exitCode,
    ).toBe(127);
  });

  it('of much output the end is kept.', async () => {
    await start(1);
    const { stdout } = await sh(1, 'i=0; while [ $i -lt 40 ]; do printf "%032768d" $i; i=$((i + 1)); done; echo the end');
    expect(stdout).toHaveLength(256 * 1024);
    expect(stdout.endsWith('the end\n')).toBe(true);
  });

  it('what a command leaves in the background holds nothing up, lives on, and ends with the pod.', async () => {
    await start(1);
    const { stdout } = await sh(
      1,
      'trap "" HUP; (while :; do echo alive >mark; sleep 0.05; done) & setsid sleep 4242 & echo begun',
    );
    expect(stdout).toBe('begun\n');
    await sh(1, 'rm -f mark');
    await until(() => existsSync(path.join(homeOutside(), 'mark')));
    await sandbox.runtime.stopPod({ id: REF.id, organization: 'default', build: 1 }, patiently());
  });

  it('an aborted command is killed.', async () => {
    await start(1);
    const aborting = new AbortController();
    const reason = new Error('the caller no longer waits');
    const running = sh(1, 'echo $$ >pid; echo begun >begun; sleep 4343; echo late >late', aborting.signal);
    await until(() => existsSync(path.join(homeOutside(), 'begun')));
    aborting.abort(reason);
    await expect(running).rejects.toBe(reason);
    await until(async () => /^$|\) [ZX] /.test((await sh(1, 'cat "/proc/$(cat pid)/stat" 2>/dev/null')).stdout));
  });

  it('an aborted shell is killed with all that it started.', async () => {
    await start(1);
    const aborting = new AbortController();
    const reason = new Error('the caller no longer waits');
    const shell = sandbox.runtime.shell(
      { id: REF.id, organization: 'default', build: 1 },
      { command: ['sh', '-c', 'echo begun >begun; sleep 4646; true'], streams: testStreams(), signal: aborting.signal },
    );
    await until(() => existsSync(path.join(homeOutside(), 'begun')));
    aborting.abort(reason);
    await expect(shell).rejects.toBe(reason);
    await until(async () => (await sh(1, 'pgrep -fx "sleep 4646"')).exitCode === 1);
  });

  it('an aborted shell is killed with all that it is just starting.', async () => {
    await start(1);
    const aborting = new AbortController();
    const reason = new Error('the caller no longer waits');
    const script = 'i=0; while [ $i -lt 500 ]; do sleep 4747 & i=$((i + 1)); [ $i != 20 ] || echo begun >begun; done; wait';
    const pod = { id: REF.id, organization: 'default', build: 1 };
    const shell = sandbox.runtime.shell(pod, {
      command: ['sh', '-c', script],
      streams: testStreams(),
      signal: aborting.signal,
    });
    await until(() => existsSync(path.join(homeOutside(), 'begun')));
    aborting.abort(reason);
    await expect(shell).rejects.toBe(reason);
    await until(async () => (await sh(1, 'pgrep -fx "sleep 4747"')).exitCode === 1);
  });

  it('a command whose pod is stopped says that the pod is lost.', async () => {
    await start(1);
    const running = expectFailure(sh(1, 'echo begun >begun; sleep 4444'), 'PodLost');
    await until(() => existsSync(path.join(homeOutside(), 'begun')));
    await sandbox.runtime.stopPod({ id: REF.id, organization: 'default', build: 1 }, patiently());
    await running;
  });

  it('a new home gets what the skeleton has, once.', async () => {
    await start(1);
    expect((await sh(1, 'cat .greeting; rm .greeting; echo kept >kept')).stdout).toBe('welcome\n');
    await start(2);
    expect((await sh(2, 'cat kept; ls -A')).stdout).not.toContain('.greeting');
  });
});

// Where the machine gives no isolation, the plain sandbox is all there is to test.
if (canIsolate)
  describe('Inside an isolated sandbox', () => {
    beforeEach(() => begin('auto'));
    afterEach(() => sandbox.end());

    it('the image lies over the root, and there is no warning.', async () => {
      expect((await start(1)).warnings).toEqual([]);
      expect((await sh(1, 'cat /opt/image/mark; id -un; hostname')).stdout).toBe('onecoder\ndev\n');
      // Only root can give a process other groups than its own.
      if (isRoot) expect((await sh(1, 'id -Gn')).stdout).toBe('coder helpers\n');
    });

    it('all but the home is thrown away with the build.', async () => {
      await start(1);
      await sh(1, 'echo kept >kept; echo lost >/tmp/lost; echo lost >/dev/shm/lost; echo lost >/var/tmp/lost');
      await start(2, 'starter:2');
      expect((await sh(2, 'cat kept /opt/image/mark; ls /tmp/lost /dev/shm/lost /var/tmp/lost 2>/dev/null')).stdout).toBe(
        'kept\ntwo',
      );
      expect(['/var/tmp/lost', '/tmp/lost', '/dev/shm/lost'].filter(existsSync)).toEqual([]);
    });

    it('nothing of DIR is to be seen, but the home is.', async () => {
      await start(1);
      const { stdout } = await sh(
        1,
        `ls '${sandbox.dir}' '${sandbox.root}' 2>&1; ls -A; grep -c '${sandbox.root}' /proc/self/mountinfo`,
      );
      expect(stdout).not.toContain('homes');
      expect(stdout).toMatch(/\.perennial\n/);
    });

    it('nothing of DIR is to be seen where it lies on the root itself, and the folders above it are as they were.', async () => {
      await sandbox.end();
      await begin('auto', '/var/tmp');
      if (isRoot) chownSync(sandbox.root, 1234, 1235);
      chmodSync(sandbox.root, 0o715);
      await start(1);
      const { stdout } = await sh(1, `stat -c '%a %u %g' '${sandbox.root}'; ls '${sandbox.root}'; ls '${sandbox.dir}' 2>&1`);
      const end = 'images\nls: cannot access .*: No such file or directory\n$';
      expect(stdout).toMatch(new RegExp(`^715 ${isRoot ? '1234 1235' : '1000 1000'}\n${end}`));
    });

    it('no process of the machine is to be seen, and none that has ended is left uncollected.', async () => {
      await start(1);
      await sh(1, 'i=0; while [ $i -lt 20 ]; do (sleep 0 & ); i=$((i + 1)); done');
      await until(async () => !(await sh(1, 'cat /proc/[0-9]*/stat')).stdout.includes(') Z '));
      const pids = (await sh(1, 'ls /proc')).stdout.split('\n').filter((name) => /^\d+$/.test(name));
      expect(pids).toContain('1');
      expect(pids.length).toBeLessThan(8);
    });

    it('the machine sees no mount of it.', async () => {
      await start(1);
      const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
      expect(mounts.filter((mount) => mount.includes(sandbox.root))).toEqual([]);
    });

    it('another user of the same uid has the same home at a path of its own.', async () => {
      await start(1);
      await sh(1, 'echo kept >kept');
      makeImage({ folder: path.join(sandbox.imagesDir, 'renamed/1'), user: 'coder-2' });
      expect(await start(2, 'renamed:1')).toMatchObject({ user: 'coder-2', uid: 1000, home: '/home/coder-2' });
      expect((await sh(2, 'pwd; cat kept')).stdout).toBe('/home/coder-2\nkept\n');
    });

    it('the home belongs to the user and is closed to others.', async () => {
      await start(1);
      await sh(1, 'echo mine >file');
      const owner = isRoot ? { uid: 1000, gid: 1000 } : { uid: process.getuid?.(), gid: process.getgid?.() };
      expect(statSync(homeOutside())).toMatchObject(owner);
      expect(statSync(path.join(homeOutside(), 'file'))).toMatchObject(owner);
      expect(statSync(homeOutside()).mode & 0o777).toBe(0o700);
    });
  });

describe('Inside a plain sandbox', () => {
  beforeEach(() => begin('plain'));
  afterEach(() => sandbox.end());

  it('the build has a warning that only the home is its own, and the path of the image in its environment.', async () => {
    expect((await start(1)).warnings.join(' ')).toMatch(/no isolation/);
    expect((await sh(1, 'cat "$PERENNIAL_ROOTFS/opt/image/mark"')).stdout).toBe('one');
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { type IPty, spawn as openTerminal } from '@lydell/node-pty';
import { quote } from '../../../src/hooks/shell/quote';
import { patiently, podSpec } from '../../support/runtimes/contract';
import { HOME, REF } from '../../support/runtimes/contract-harness';
import { KINDS, makeSandboxEnv, type SandboxEnv, uidInside } from '../../support/runtimes/sandbox-env';
import { compileRuntimes, removeCompiled, verbCommand } from '../../support/runtimes/verb-process';
import { until } from '../../support/until';

const NODE_ENV = { ...process.env, NODE_PATH: path.join(__dirname, '..', '..', '..', 'node_modules') };

describe.each(KINDS)('A shell in a sandbox (isolation: %s)', (isolation) => {
  let sandbox: SandboxEnv;
  const callers: IPty[] = [];
  let seen = '';
  beforeAll(compileRuntimes);
  afterAll(removeCompiled);
  beforeEach(async () => {
    sandbox = await makeSandboxEnv(isolation);
    seen = '';
  });
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.kill('SIGKILL');
    await sandbox.end();
  });

  const start = async () => {
    const { identity } = await sandbox.runtime.prepareHome(HOME, patiently());
    return sandbox.runtime.startPod(podSpec({ build: 1, home: identity, image: 'starter:1' }), patiently());
  };
  const exitCodeInside = async (script: string) =>
    (await sandbox.runtime.exec({ ...REF, build: 1 }, { argv: ['sh', '-c', script] }, patiently().signal)).exitCode;

  /** A line of shell that opens a shell in the sandbox. */
  const opening = (...command: string[]) =>
    [process.execPath, ...verbCommand({ sandbox, isolation, verb: 'shell', argument: { ...REF, build: 1, command } })]
      .map(quote)
      .join(' ');

  /** Runs a line of shell in the caller's own terminal. */
  const callFrom = (line: string) => {
    // Its terminal stays open at the end, since node-pty closes it soon after, with what was not read by then.
    const terminal = openTerminal('sh', ['-c', `${line}\nexec sleep 600`], { cols: 44, rows: 33, env: NODE_ENV });
    terminal.onData((data) => {
      seen += data;
    });
    callers.push(terminal);
    return terminal;
  };
  const untilSeen = (pattern: RegExp) =>
    until(
      () => `${pattern} is seen, and this was seen: ${seen}`,
      () => pattern.test(seen),
    );

  /** Types into whatever terminal it can get at, with the request by which a terminal takes what was not typed. */
  const TYPE = `perl -e 'for $f (*STDIN, *STDOUT, *STDERR) { ioctl($f, 0x5412, $_) for split //, "echo pwned\\n" }
    open($t, "+<", "/dev/tty") and do { ioctl($t, 0x5412, $_) for split //, "echo pwned\\n" }' 2>/dev/null; `;
  const WHICH = 'stat -Lc "inside: %d/%i" /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 >"$HOME/terminals"; echo done';

  it.each([
    ['all streams are', ''],
    ['its output is no', ' | cat'],
    ['its input is no', ' </dev/null'],
    ['its complaints alone are a', ' </dev/null | cat'],
  ])('never gets at the caller’s terminal where %s terminal.', async (_, streams) => {
    const { home } = await start();
    expect(home).toBeTruthy();
    callFrom(
      `echo "caller: $(stat -c %d/%i "$(tty)")"; ${opening('sh', '-c', `${TYPE}${WHICH}`)}${streams}; echo "over"; timeout 1 cat; echo "end"`,
    );
    await untilSeen(/end/);
    const [, own] = /caller: (\S+)/.exec(seen) ?? [];
    const { stdout } = await sandbox.runtime.exec({ ...REF, build: 1 }, { argv: ['cat', 'terminals'] }, patiently().signal);
    expect(stdout.match(/inside: /g)).toHaveLength(3);
    expect(stdout.split(/\s+/)).not.toContain(own);
    expect(/over([\s\S]*)end/.exec(seen)?.[1]).not.toContain('pwned');
  });

  it('can neither read along nor write where the caller’s terminal is, unless it is a plain one of the same user.', async () => {
    if (isolation === 'plain') return;
    await start();
    callFrom(`echo "caller: $(tty)"; ${opening('sh', '-c', 'tty; echo done; sleep 5')}`);
    await untilSeen(/done/);
    const [, own = ''] = /caller: (\S+)/.exec(seen) ?? [];
    expect(seen).toMatch(/\/dev\/pts\/\d+\s+done/);
    // Another terminal inside may have the same number, but its device differs from the caller's.
    const { dev, ino } = statSync(own);
    const names = await sandbox.runtime.exec(
      { ...REF, build: 1 },
      { argv: ['sh', '-c', `for each in /dev/pts/*; do [ ! -r "$each" ] || stat -c '%d %i' "$each"; done`] },
      patiently().signal,
    );
    expect(names.stdout.split('\n')).not.toContain(`${dev} ${ino}`);
  });

  it('has a terminal that follows the caller’s in size, keys, and jobs.', async () => {
    await start();
    const terminal = callFrom(`${opening()}; echo "code: $?"; stty -a | grep -o " -\\?icanon"`);
    terminal.write('echo "size: $(stty size)"\n');
    await untilSeen(/size: 33 44/);
    terminal.resize(55, 22);
    await until(async () => {
      terminal.write('echo "size: $(stty size)"\n');
      return /size: 22 55/.test(seen);
    });
    terminal.write('sleep 4848; echo "went on: $?"\n');
    await until(async () => (await exitCodeInside('pgrep -fx "sleep 4848"')) === 0);
    terminal.write('\x1a');
    await untilSeen(/Stopped|Suspended/);
    terminal.write('fg\n');
    await until(
      async () => (await exitCodeInside('grep -l "^State:.S" $(pgrep -fx "sleep 4848" | sed "s,.*,/proc/&/status,")')) === 0,
    );
    terminal.write('\x03');
    terminal.write('exit 9\n');
    await untilSeen(/code: 9[\s\S]* icanon/);
  });

  it('passes on all output to a caller that takes it slowly, before it ends.', async () => {
    await start();
    const terminal = callFrom(`${opening('sh', '-c', 'seq 1 30000; echo "$((6 * 7)) is last"')}; echo "code: $?"`);
    for (let reads = 0; reads < 20; reads += 1) {
      terminal.pause();
      await delay(100);
      terminal.resume();
      await delay(1);
    }
    await untilSeen(/code: 0/);
    expect(seen).toMatch(/30000\s+42 is last\s+code: 0/);
  });

  it('is of the image’s user, passes on its exit code, and its input is noticed.', async () => {
    await start();
    const terminal = callFrom(`${opening()}; echo "code: $?"`);
    terminal.write('echo "user: $(id -u)"\n');
    await untilSeen(new RegExp(`user: ${uidInside(isolation)}`));
    // The kernel notes input only every 8 s, and a stop must never come too early.
    const typedAt = Date.now();
    terminal.write('echo "typed: $((6 * 7))"; sleep 4545\n');
    await untilSeen(/typed: 42/);
    expect(await sandbox.runtime.lastTerminalInput({ ...REF, build: 1 })).toBeGreaterThanOrEqual(typedAt);
    expect(await sandbox.runtime.lastTerminalInput({ ...REF, build: 1 })).toBeLessThanOrEqual(Date.now());
    await until(async () => (await exitCodeInside('pgrep -fx "sleep 4545"')) === 0);
    terminal.write('\x03');
    terminal.write('exit 5\n');
    await untilSeen(/code: 5/);
  });

  it('leaves nothing when its caller is killed.', async () => {
    await start();
    const terminal = callFrom(`exec ${opening('sh', '-c', 'sleep 5050; true')}`);
    await until(async () => (await exitCodeInside('pgrep -fx "sleep 5050"')) === 0);
    terminal.kill('SIGKILL');
    await until(async () => (await exitCodeInside('pgrep -fx "sleep 5050"')) === 1);
  });

  it('passes pipes through whole, with the exit code.', async () => {
    await start();
    const child = spawn('sh', ['-c', opening('sh', '-c', 'cat; exit 6')], { env: NODE_ENV, stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    child.stdin.end('x'.repeat(3_000_000));
    expect((await text(child.stdout)).length).toBe(3_000_000);
    expect((await ended)[0]).toBe(6);
  });

  it('is sh where the login shell is not there, or is none.', async () => {
    const passwd = path.join(sandbox.imagesDir, 'starter/1/rootfs/etc/passwd');
    for (const shell of ['/opt/no-such-shell', '/usr/sbin/nologin', '/bin/true', '/opt/image/mark']) {
      writeFileSync(passwd, `coder:x:1000:1000::/home/coder:${shell}\n`);
      await start();
      seen = '';
      const terminal = callFrom(`${opening()}; echo "code: $?"`);
      terminal.write('echo "shell: $SHELL $((6 * 7))"; exit 4\n');
      await untilSeen(/code: 4/);
      expect(seen).toMatch(/shell: \S*\/sh 42/);
      await sandbox.runtime.stopPod({ ...REF, build: 1 }, patiently());
      await sandbox.runtime.deleteHome({ id: REF.id, organization: 'default', identity: null });
    }
  });

  it('keeps the image’s PATH, and what the user’s profile adds to it.', async () => {
    const settings = { user: 'coder', env: { PATH: '/opt/image/bin:/usr/bin:/bin' } };
    writeFileSync(path.join(sandbox.imagesDir, 'starter/1/image.json'), JSON.stringify(settings));
    await start();
    await exitCodeInside('echo \'PATH="$HOME/bin:$PATH"; export PATH\' >.profile');
    const terminal = callFrom(`${opening()}; echo "code: $?"`);
    terminal.write('echo "path: $PATH"; exit 0\n');
    await untilSeen(/code: 0/);
    const [, found = ''] = /path: (\/\S+)/.exec(seen.replaceAll(/\r\n/g, '')) ?? [];
    expect(found.split(':')).toEqual(expect.arrayContaining(['/opt/image/bin', expect.stringMatching(/\/bin$/)]));
    expect(found).toContain(`${isolation === 'auto' ? '/home/coder' : sandbox.dir}`);
  });
});

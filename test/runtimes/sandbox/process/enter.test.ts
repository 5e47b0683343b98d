import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { patiently, podSpec } from '../../../support/runtimes/contract';
import { HOME, REF } from '../../../support/runtimes/contract-harness';
import { KINDS, makeSandboxEnv, type SandboxEnv } from '../../../support/runtimes/sandbox-env';

const mockPrograms = { path: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
jest.mock('../../../../src/runtimes/sandbox/process/path', () => ({
  get PROGRAM_PATH() {
    return mockPrograms.path;
  },
}));

describe.each(KINDS)('The way into a sandbox (isolation: %s)', (isolation) => {
  let sandbox: SandboxEnv;
  beforeEach(async () => {
    sandbox = await makeSandboxEnv(isolation);
  });
  afterEach(() => sandbox.end());

  const start = async (env: Record<string, string> = {}) => {
    const { identity } = await sandbox.runtime.prepareHome(HOME, patiently());
    return sandbox.runtime.startPod(podSpec({ build: 1, home: identity, image: 'starter:1', env }), patiently());
  };
  const run = (argv: string[], env: Record<string, string> = {}) =>
    sandbox.runtime.exec({ ...REF, build: 1 }, { argv, env }, patiently().signal);
  const setImage = (env: Record<string, string>) =>
    writeFileSync(path.join(sandbox.imagesDir, 'starter/1/image.json'), JSON.stringify({ user: 'coder', env }));

  it('shows no program that runs as another user where the workspace has its locales and converters.', async () => {
    await start({ LOCPATH: '/nowhere', GCONV_PATH: '/nowhere' });
    // The programs that enter are replaced by some that record their arguments.
    const bin = path.join(sandbox.root, 'bin');
    const seen = path.join(sandbox.root, 'seen');
    mkdirSync(bin);
    for (const program of ['nsenter', 'setpriv']) {
      const text = `#!/bin/sh\ncat /proc/$$/environ >>'${seen}'\nexec /usr/bin/${program} "$@"\n`;
      writeFileSync(path.join(bin, program), text);
      chmodSync(path.join(bin, program), 0o755);
    }
    const before = mockPrograms.path;
    mockPrograms.path = `${bin}:${before}`;
    const { stdout } = await run(['sh', '-c', 'echo "$LOCPATH $GCONV_PATH"']).finally(() => {
      mockPrograms.path = before;
    });
    expect(stdout).toBe('/nowhere /nowhere\n');
    if (process.getuid?.() !== 0 && isolation === 'plain') return;
    const names = readFileSync(seen, 'utf8')
      .split('\0')
      .map((setting) => setting.split('=')[0]);
    expect(names).not.toContain('LOCPATH');
    expect(names).not.toContain('GCONV_PATH');
    expect(names).not.toContain('IMAGE');
  });

  it('passes every variable inside unchanged, also variables with a meaning to a shell.', async () => {
    const env = {
      IFS: 'x',
      OPTIND: 'none',
      UID: '7',
      PPID: '8',
      QUOTES: `a'b"c$d\\e`,
      LINES_OF: 'one\ntwo',
      BLANK: ' ',
      EMPTY: '',
    };
    await start();
    const { stdout } = await run(['env', '-0'], env);
    const settings = stdout.split('\0');
    expect(settings).toEqual(expect.arrayContaining([`QUOTES=a'b"c$d\\e`, 'LINES_OF=one\ntwo', 'BLANK= ', 'EMPTY=', 'IFS=x']));
    expect(settings.filter((setting) => setting.startsWith('PERENNIAL_CARRIED'))).toEqual([]);
    expect((await run(['sh', '-c', 'pwd; umask'], env)).exitCode).toBe(0);
  });

  it('finds the system’s programs where the image has a PATH of its own only, whose programs come first.', async () => {
    setImage({ PATH: '/opt/image/bin' });
    const bin = path.join(sandbox.imagesDir, 'starter/1/rootfs/opt/image/bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'tool'), '#!/bin/sh\necho a tool\n', { mode: 0o755 });
    writeFileSync(path.join(bin, 'ls'), '#!/bin/sh\necho not ls\n', { mode: 0o755 });
    await start();
    expect((await run(['sh', '-c', 'echo "$PATH"'])).stdout).toMatch(/^\/opt\/image\/bin:.*\/usr\/bin:/);
    if (isolation === 'auto') expect((await run(['sh', '-c', 'tool; ls'])).stdout).toBe('a tool\nnot ls\n');
  });

  it('is the same for an image in which names of files are no text.', async () => {
    const folder = Buffer.from(path.join(sandbox.imagesDir, 'starter/1/rootfs/opt/image/'));
    writeFileSync(Buffer.concat([folder, Buffer.from([0x66, 0xff, 0xfe])]), 'bytes');
    await start();
    if (isolation === 'auto') expect((await run(['sh', '-c', 'cat /opt/image/f*'])).stdout).toBe('bytes');
  });

  it('goes on where the image has a folder for which the machine has a link.', async () => {
    const bin = path.join(sandbox.imagesDir, 'starter/1/rootfs/bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'own-tool'), '#!/bin/sh\necho own\n', { mode: 0o755 });
    await start();
    if (isolation === 'auto') expect((await run(['own-tool'])).stdout).toBe('own\n');
  });

  it("has the machine's names of hosts inside, also where an image has links of these names, which are not followed.", async () => {
    const foreign = path.join(sandbox.root, 'foreign');
    writeFileSync(foreign, 'untouched');
    chmodSync(foreign, 0o666);
    const etc = path.join(sandbox.imagesDir, 'starter/1/rootfs/etc');
    symlinkSync('../run/systemd/resolve/stub-resolv.conf', path.join(etc, 'resolv.conf'));
    symlinkSync(foreign, path.join(etc, 'hosts'));
    mkdirSync(path.join(etc, '../var'));
    symlinkSync('/tmp', path.join(etc, '../var/tmp'));
    await start();
    if (isolation !== 'plain') {
      expect((await run(['cat', '/etc/resolv.conf'])).stdout).toBe(readFileSync('/etc/resolv.conf', 'utf8'));
      expect((await run(['cat', '/etc/hosts'])).stdout).toContain(readFileSync('/etc/hosts', 'utf8'));
    }
    expect(readFileSync(foreign, 'utf8')).toBe('untouched');
  });
});

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SEED_SCRIPT, VOLUME_PATH } from '../../../../src/runtimes/kubernetes/pod/scripts';

/** Root may read everything, so that under root the script runs as an unprivileged user. */
const AS_USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

describe('The script that seeds a home', () => {
  let folder: string;
  const at = (name: string) => path.join(folder, name);
  const write = (name: string, text: string, mode: number) => {
    writeFileSync(at(name), text);
    chmodSync(at(name), mode);
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'seed-test-'));
    for (const name of ['.', 'volume', 'tmp', 'bin', 'image']) {
      mkdirSync(at(name), { recursive: true });
      chmodSync(at(name), 0o777);
    }
    write('said', '', 0o666);
    write('image/.profile', 'umask 022', 0o644);
  });
  afterEach(() => {
    spawnSync('chmod', ['-R', 'u+rwX', folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** In folders of its own instead of the container's. */
  const seed = () => {
    const places = { [VOLUME_PATH]: at('volume'), '/dev/termination-log': at('said'), '/tmp/errors': at('tmp/errors') };
    let script = SEED_SCRIPT;
    for (const [inContainer, here] of Object.entries(places)) script = script.replaceAll(inContainer, here);
    const env = { PATH: `${at('bin')}:${process.env.PATH}`, HOME: at('image') };
    const { status } = spawnSync('sh', ['-c', script], { env, ...AS_USER });
    return { status, said: readFileSync(at('said'), 'utf8'), isSeeded: existsSync(at('volume/seeded')) };
  };
  const copyThatSays = (words: string) => write('bin/cp', `#!/bin/sh\necho "${words}" >&2\nexit 1\n`, 0o755);

  it('copies what the image has in its home.', () => {
    expect(seed()).toEqual({ status: 0, said: '', isSeeded: true });
    expect(readFileSync(at('volume/home/.profile'), 'utf8')).toBe('umask 022');
  });

  it('goes on where it was cut off, also over files and folders that are not to be written.', () => {
    mkdirSync(at('image/module'));
    write('image/module/object', 'of git', 0o444);
    chmodSync(at('image/module'), 0o555);
    expect(seed()).toMatchObject({ status: 0, isSeeded: true });
    rmSync(at('volume/seeded'));
    expect(seed()).toEqual({ status: 0, said: '', isSeeded: true });
    expect(['module', 'module/object'].map((name) => statSync(at(`volume/home/${name}`)).mode & 0o777)).toEqual([0o555, 0o444]);
  });

  it('says that it is the image where its user may not read a file of that home.', () => {
    write('image/secret', 'of root', 0);
    const { status, said, isSeeded } = seed();
    expect([status, isSeeded]).toEqual([65, false]);
    expect(said).toMatch(/^the image's .*\/image could not be copied: cp: .*secret.*: Permission denied$/);
  });

  it('says that it is the image where the home is larger than its volume.', () => {
    for (const words of ['No space left on device', 'Disk quota exceeded']) {
      copyThatSays(`cp: error writing 'large': ${words}`);
      expect(seed()).toMatchObject({ status: 65, said: expect.stringMatching(`${words}$`), isSeeded: false });
    }
  });

  it('says that trying again may help where the volume failed in another way.', () => {
    copyThatSays("cp: error writing '.profile': Input/output error");
    expect(seed()).toMatchObject({ status: 1, said: expect.stringContaining('Input/output error'), isSeeded: false });
  });

  it('says that trying again may help where it may not write to the volume.', () => {
    chmodSync(at('volume'), 0o555);
    expect(seed()).toMatchObject({ status: 1, said: expect.stringContaining('may not write to the volume'), isSeeded: false });
  });
});

import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { PodSpec } from '../runtime';
import { homeOf, readToken } from './home';
import type { HomeRecord } from './home-record';
import type { Image } from './image';
import type { Layout } from './layout';
import { markOf } from './pod-removal';
import { PROGRAM_PATH } from './programs';
import { ISOLATED_SETUP, PLAIN_SETUP } from './setup-script';

/** A sandbox whose first process is to be started. */
export interface InitPlan {
  layout: Layout;
  spec: PodSpec;
  instance: string;
  /** A new home gets what /etc/skel has; one whose user removed its token gets that again. */
  home: HomeRecord;
  image: Image;
  mode: 'isolated' | 'plain';
}

/** The program, arguments, environment, and user of a sandbox's first process. */
export function prepareInit(plan: InitPlan) {
  return plan.mode === 'isolated' ? prepareIsolated(plan) : preparePlain(plan);
}

function prepareIsolated({ layout, spec, home, image }: InitPlan) {
  const { id, name } = spec;
  const { user, rootfs } = image;
  return {
    id,
    program: 'unshare',
    // The script goes by the environment, so that a list of processes stays readable.
    args: ['--mount', '--pid', '--ipc', '--uts', '--fork', 'sh', '-c', 'eval "$setup"', `perennial ${id}`],
    env: {
      PATH: PROGRAM_PATH,
      setup: ISOLATED_SETUP,
      mount_point: layout.mountPoint,
      rootfs,
      dir: layout.dir,
      hide: keepParents(layout.dir),
      fstab: listMounts({ root: path.join(layout.mountPoint, 'root'), home: homeOf(layout, id), user: user.name }),
      resolv: readOrNothing('/etc/resolv.conf'),
      hosts: `${readOrNothing('/etc/hosts')}\n127.0.0.1 ${name}\n`,
      name,
      user: user.name,
      uid: String(user.uid),
      gid: String(user.gid),
      ...completions(layout, home),
    },
  };
}

const completions = (layout: Layout, home: HomeRecord) => ({
  seed: home.seeded ? 'no' : 'yes',
  token: readToken(homeOf(layout, home.id)) === home.identity ? '' : home.identity,
});

// The layer's own folders win over those below, so each one above DIR must look as it does on the machine.
function keepParents(dir: string): string {
  const lines: string[] = [];
  for (let folder = path.dirname(dir); folder !== '/'; folder = path.dirname(folder)) {
    const { uid, gid, mode } = statSync(folder);
    const copy = quote(`upper${folder}`);
    if (uid !== 0 || gid !== 0) lines.push(`chown ${uid}:${gid} ${copy}`);
    if ((mode & 0o7777) !== 0o755) lines.push(`chmod ${(mode & 0o7777).toString(8)} ${copy}`);
  }
  return lines.join('\n');
}

// In this order, since some lie on others. What is shared with the machine comes with all that is mounted below it.
function listMounts({ root, home, user }: { root: string; home: string; user: string }): string {
  const mounts = [
    ['overlay', '', 'overlay', 'lowerdir=/,upperdir=upper,workdir=work'],
    ['proc', 'proc', 'proc', 'defaults'],
    ['/dev', 'dev', 'none', 'rbind'],
    ['/sys', 'sys', 'none', 'rbind'],
    ['tmpfs', 'dev/shm', 'tmpfs', 'mode=1777'],
    ['tmpfs', 'tmp', 'tmpfs', 'mode=1777'],
    ['tmpfs', 'run', 'tmpfs', 'mode=755'],
    [home, `home/${user}`, 'none', 'bind'],
  ];
  const lines = mounts.map(
    ([source = '', target = '', type, options]) =>
      `${asField(source)} ${asField(path.join(root, target))} ${type} ${options} 0 0`,
  );
  return `${lines.join('\n')}\n`;
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

// As the table of mounts has it: blanks, backslashes, and hash signs as octal numbers.
const asField = (word: string): string =>
  word.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function preparePlain({ layout, spec, instance, home, image }: InitPlan) {
  const mark = markOf(instance);
  const skel = path.join(image.rootfs, 'etc/skel');
  const { uid, gid } = image.user;
  return {
    id: spec.id,
    program: 'sh',
    args: ['-c', 'eval "$setup"', `perennial ${spec.id}`],
    env: {
      PATH: PROGRAM_PATH,
      setup: PLAIN_SETUP,
      HOME: homeOf(layout, spec.id),
      skel: existsSync(skel) ? skel : '/etc/skel',
      ...completions(layout, home),
      [mark.name]: mark.value,
    },
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
  };
}

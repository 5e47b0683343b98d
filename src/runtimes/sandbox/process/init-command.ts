import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { quote } from '../../../hooks/shell/quote';
import { readScript } from '../../../hooks/shell/read-script';
import type { PodSpec } from '../../runtime';
import type { Image } from '../image/resolve';
import { readToken } from '../store/home-identity';
import type { HomeRecord } from '../store/home-record';
import { homeOf, type Layout } from '../store/paths';
import type { Isolation } from './isolation';
import { markOf } from './kill-tree';
import { PROGRAM_PATH } from './path';
import { planRoot } from './root-plan';

const SCRIPTS = {
  isolated: readScript(__dirname, '..', 'scripts', 'isolated-init.sh'),
  userNamespaceRoot: readScript(__dirname, '..', 'scripts', 'user-namespace-root.sh'),
  userNamespaceInit: readScript(__dirname, '..', 'scripts', 'user-namespace-init.sh'),
  plain: readScript(__dirname, '..', 'scripts', 'plain-init.sh'),
};

/** What the first process of a sandbox is prepared from. */
export interface InitPlan {
  layout: Layout;
  spec: PodSpec;
  instance: string;
  /** A new home gets the content of /etc/skel; a home whose user removed its token gets it again. */
  home: HomeRecord;
  image: Image;
  mode: Isolation['mode'];
}

/** The program, arguments, environment, and user of a sandbox's first process. */
export function prepareInit(plan: InitPlan) {
  if (plan.mode === 'plain') return preparePlain(plan);
  return plan.mode === 'isolated' ? prepareIsolated(plan) : prepareUserNamespace(plan);
}

function prepareIsolated(plan: InitPlan) {
  const { layout, spec, home, image } = plan;
  const inside = `home/${image.user.name}`;
  return {
    id: spec.id,
    program: 'unshare',
    // The script is in the environment, so that a list of processes stays readable.
    args: ['--mount', '--pid', '--ipc', '--uts', '--fork', 'sh', '-c', 'eval "$setup"', `perennial ${spec.id}`],
    env: {
      ...rootSettings(plan),
      setup: SCRIPTS.isolated,
      hide: keepParents(layout.dir, true),
      fstab: listMounts(plan, [
        LAYER,
        ['proc', 'proc', 'proc', 'defaults'],
        ...COMMON,
        [homeOf(layout, home.id), inside, 'none', 'bind'],
      ]),
      ...completions(layout, home),
    },
  };
}

function prepareUserNamespace(plan: InitPlan) {
  const { layout, spec, home, image, instance } = plan;
  const mark = markOf(instance);
  const { laid, opened } = planRoot(layout.dir);
  const inside = `home/${image.user.name}`;
  return {
    id: spec.id,
    program: 'unshare',
    becomesParent: true,
    args: ['--user', '--map-root-user', '--mount', '--ipc', '--uts', 'sh', '-c', 'eval "$setup"', `perennial ${spec.id}`],
    env: {
      ...rootSettings(plan),
      setup: SCRIPTS.userNamespaceRoot,
      inner: SCRIPTS.userNamespaceInit,
      modes: keepParents(layout.dir, false),
      laid: laid.join('\n'),
      opened: opened.join('\n'),
      fstab: listMounts(plan, [MACHINES_PROC, ...COMMON, OWN_TERMINALS, [homeOf(layout, home.id), inside, 'none', 'rbind']]),
      HOME: `/${inside}`,
      skel: '/etc/skel',
      ...completions(layout, home),
      [mark.name]: mark.value,
    },
  };
}

function rootSettings({ layout, spec, image }: InitPlan) {
  const { user, rootfs } = image;
  return {
    PATH: PROGRAM_PATH,
    mount_point: layout.mountPoint,
    rootfs,
    dir: layout.dir,
    resolv: readOrNothing('/etc/resolv.conf'),
    hosts: `${readOrNothing('/etc/hosts')}\n127.0.0.1 ${spec.name}\n`,
    name: spec.name,
    user: user.name,
    uid: String(user.uid),
    gid: String(user.gid),
  };
}

const completions = (layout: Layout, home: HomeRecord) => ({
  seed: home.seeded ? 'no' : 'yes',
  token: readToken(homeOf(layout, home.id)) === home.identity ? '' : home.identity,
});

// Folders of the layer hide those below, so each folder above DIR must look as it does on the machine.
function keepParents(dir: string, owners: boolean): string {
  const lines: string[] = [];
  for (let folder = path.dirname(dir); folder !== '/'; folder = path.dirname(folder)) {
    const { uid, gid, mode } = statSync(folder);
    const copy = quote(`upper${folder}`);
    if (owners && (uid !== 0 || gid !== 0)) lines.push(`chown ${uid}:${gid} ${copy}`);
    if ((mode & 0o7777) !== 0o755) lines.push(`chmod ${(mode & 0o7777).toString(8)} ${copy}`);
  }
  return lines.join('\n');
}

/** Source, target, type, and options. */
type Mount = [string, string, string, string];

const LAYER: Mount = ['overlay', '', 'overlay', 'lowerdir=/,upperdir=upper,workdir=work'];
/** Only where a whole /proc is visible does the kernel let an ordinary user mount another, which then covers it. */
const MACHINES_PROC: Mount = ['/proc', 'proc', 'none', 'rbind'];
/** The terminals of the machine belong to the same user, whose processes could read the input of the others. */
const OWN_TERMINALS: Mount = ['devpts', 'dev/pts', 'devpts', 'newinstance,ptmxmode=0666,mode=620'];
/** Shared with the machine, with all mounts below. */
const COMMON: Mount[] = [
  ['/dev', 'dev', 'none', 'rbind'],
  ['/sys', 'sys', 'none', 'rbind'],
  ['tmpfs', 'dev/shm', 'tmpfs', 'mode=1777'],
  ['tmpfs', 'tmp', 'tmpfs', 'mode=1777'],
  ['tmpfs', 'run', 'tmpfs', 'mode=755'],
];

// In this order, since some are mounted on others.
function listMounts({ layout }: InitPlan, mounts: Mount[]): string {
  const root = path.join(layout.mountPoint, 'root');
  const lines = mounts.map(
    ([source, target, type, options]) => `${asField(source)} ${asField(path.join(root, target))} ${type} ${options} 0 0`,
  );
  return `${lines.join('\n')}\n`;
}

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
      setup: SCRIPTS.plain,
      HOME: homeOf(layout, spec.id),
      skel: existsSync(skel) ? skel : '/etc/skel',
      ...completions(layout, home),
      [mark.name]: mark.value,
    },
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
  };
}

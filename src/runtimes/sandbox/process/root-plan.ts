import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folders of the machine that make up a root where no layer can cover all of it. */
export interface RootPlan {
  /** Folders with a layer of their own: nothing is mounted on them or below. */
  laid: string[];
  /** Folders above a mount, the root itself among them: each of their folders is planned. */
  opened: string[];
}

interface Mount {
  point: string;
  type: string;
}

/** Mounted again in each sandbox. */
const OWN = new Set(['/dev', '/proc', '/sys', '/tmp', '/run']);
/** File systems on the machine's own disks. Others may hang, be too large to walk, or belong to another service. */
const LOCAL = new Set('ext2 ext3 ext4 xfs btrfs zfs f2fs jfs bcachefs erofs overlay'.split(' '));

/** Plans a root by the table of mounts of the machine; DIR is left out. */
export function planRoot(dir: string, mounts: Mount[] = readMounts()): RootPlan {
  const plan: RootPlan = { laid: [], opened: [] };
  const open = (folder: string) => {
    plan.opened.push(folder);
    for (const child of listFolders(folder)) {
      if (OWN.has(child) || child === dir || isForeign(child, mounts)) continue;
      if (mounts.some(({ point }) => point.startsWith(`${child}/`))) open(child);
      else plan.laid.push(child);
    }
  };
  open('');
  return plan;
}

function isForeign(folder: string, mounts: Mount[]): boolean {
  const mounted = mounts.filter(({ point }) => point === folder).at(-1);
  return mounted !== undefined && !LOCAL.has(mounted.type);
}

// A system's own folders have no names with a line break or with a meaning in the options of a mount.
function listFolders(folder: string): string[] {
  try {
    return readdirSync(`${folder}/`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/[,:\\"\n\ufffd]/.test(entry.name))
      .map(({ name }) => path.join('/', folder, name));
  } catch {
    return [];
  }
}

// The mount point is the fifth field; the type is the first after the dash. Blanks and others are octal numbers.
function readMounts(): Mount[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const point = before.split(' ')[4];
      if (point === undefined) return [];
      const name = point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
      return [{ point: name, type: after.split(' ')[0] ?? '' }];
    });
}

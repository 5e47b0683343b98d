import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Of which of the machine's folders a root is put together where no layer can lie over all of it. */
export interface RootPlan {
  /** Those that get a layer of their own: nothing is mounted on them or below. */
  laid: string[];
  /** Those above what is mounted, the root itself among them: their folders are looked at one by one. */
  opened: string[];
}

interface Mount {
  place: string;
  type: string;
}

/** Mounted afresh in each sandbox. */
const OWN = new Set(['/dev', '/proc', '/sys', '/tmp', '/run']);
/** File systems on the machine's own disks. Others may hang, hold more than can be walked, or be somebody else's. */
const LOCAL = new Set('ext2 ext3 ext4 xfs btrfs zfs f2fs jfs bcachefs erofs overlay'.split(' '));

/** Plans a root by the table of what is mounted on the machine; DIR is left out. */
export function planRoot(dir: string, mounts: Mount[] = readMounts()): RootPlan {
  const plan: RootPlan = { laid: [], opened: [] };
  const open = (folder: string) => {
    plan.opened.push(folder);
    for (const child of listFolders(folder)) {
      if (OWN.has(child) || child === dir || isForeign(child, mounts)) continue;
      if (mounts.some(({ place }) => place.startsWith(`${child}/`))) open(child);
      else plan.laid.push(child);
    }
  };
  open('');
  return plan;
}

function isForeign(folder: string, mounts: Mount[]): boolean {
  const mounted = mounts.filter(({ place }) => place === folder).at(-1);
  return mounted !== undefined && !LOCAL.has(mounted.type);
}

// Names with a meaning in the options of a mount, or with a line break in them, are nowhere in a system's own folders.
function listFolders(folder: string): string[] {
  try {
    return readdirSync(`${folder}/`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/[,:\\"\n\ufffd]/.test(entry.name))
      .map(({ name }) => path.join('/', folder, name));
  } catch {
    return [];
  }
}

// A mount's place is the fifth field; its type is the first after the dash. Blanks and the like stand there as octal numbers.
function readMounts(): Mount[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [before = '', after = ''] = line.split(' - ');
      const place = before.split(' ')[4];
      if (place === undefined) return [];
      const name = place.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
      return [{ place: name, type: after.split(' ')[0] ?? '' }];
    });
}

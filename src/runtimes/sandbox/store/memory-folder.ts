import { lchown, mkdir, readFile, realpath, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { ImageUser } from '../image/user';

/** The types of file systems that are in memory alone: tmpfs and ramfs. */
const MEMORY_TYPES = [0x01021994, 0x858458f6];

/**
 * The folder for the secrets of a plain sandbox, which is removed with it; null where this machine has no file system in memory that
 * lets programs be executed, as the folder holds some. The folder of the service's own user comes first, as no other user sees its content.
 */
export async function planMemoryFolder(instance: string, user: ImageUser): Promise<string | null> {
  const isOwn = user.uid === process.getuid?.();
  for (const parent of [...(isOwn ? [`/run/user/${user.uid}`] : []), '/dev/shm']) {
    if ((await isMemory(parent)) && !(await isNoexec(parent))) return path.join(parent, `perennial-secrets-${instance}`);
  }
  return null;
}

async function isMemory(folder: string): Promise<boolean> {
  try {
    const { type, bavail } = await statfs(folder);
    return MEMORY_TYPES.includes(type) && bavail > 0;
  } catch {
    return false;
  }
}

async function isNoexec(folder: string): Promise<boolean> {
  return forbidsPrograms(await readFile('/proc/self/mountinfo', 'utf8'), await realpath(folder));
}

/** Whether the mount of a folder has the option noexec. `mounts` is text as in mountinfo(5), where of two at one place the later counts. */
export function forbidsPrograms(mounts: string, folder: string): boolean {
  let at = '';
  let options = '';
  for (const line of mounts.split('\n')) {
    const [, , , , point = '', ofPoint = ''] = line.split(' ');
    if (point.length < at.length || !`${folder}/`.startsWith(point === '/' ? point : `${point}/`)) continue;
    at = point;
    options = ofPoint;
  }
  return options.split(',').includes('noexec');
}

/** Makes a folder of a sandbox for its user alone. The folder above may be open to all users, but only with the sticky bit. */
export async function makePrivateFolder(folder: string, user: ImageUser): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  await lchown(folder, user.uid, user.gid);
}

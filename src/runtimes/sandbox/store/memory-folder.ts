import { lchown, mkdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { ImageUser } from '../image/user';

/** The types of file systems that are in memory alone: tmpfs and ramfs. */
const MEMORY_TYPES = [0x01021994, 0x858458f6];

/**
 * The folder for the secrets of a plain sandbox, which is removed with it; null where this machine has no file system in memory. The folder
 * of the service's own user comes first, as no other user sees its content.
 */
export async function planMemoryFolder(instance: string, user: ImageUser): Promise<string | null> {
  const isOwn = user.uid === process.getuid?.();
  for (const parent of [...(isOwn ? [`/run/user/${user.uid}`] : []), '/dev/shm']) {
    if (await isMemory(parent)) return path.join(parent, `perennial-secrets-${instance}`);
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

/** Makes a folder of a sandbox for its user alone. The folder above may be open to all, but lets nobody replace what another made. */
export async function makePrivateFolder(folder: string, user: ImageUser): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  await lchown(folder, user.uid, user.gid);
}

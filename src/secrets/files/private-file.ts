/** Files and folders that the service alone may read. Links are not followed: their targets may be readable by others. */
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from '../../runtimes/sandbox/store/json-file';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/** Makes the folders `parts` below `root`, and `root` itself, each for the service alone; the new names survive a power cut. */
export async function makePrivateFolders(root: string, parts: string[]): Promise<string> {
  await mkdir(path.dirname(root), { recursive: true });
  let folder = root;
  for (const next of ['', ...parts]) {
    folder = path.join(folder, next);
    const mode = await folderMode(folder);
    if (mode === null) {
      await mkdir(folder, { mode: 0o700 }).catch(ignoreExisting);
      await syncFolder(path.dirname(folder));
    } else if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
  }
  return folder;
}

/** The path of the folders `parts` below `root`; null where one does not exist. */
export async function findFolder(root: string, parts: string[]): Promise<string | null> {
  let folder = root;
  for (const next of ['', ...parts]) {
    folder = path.join(folder, next);
    if ((await folderMode(folder)) === null) return null;
  }
  return folder;
}

/** The content of a file; rejects where it is a link. */
export async function readPrivateFile(file: string): Promise<string> {
  const handle = await open(file, O_RDONLY | O_NOFOLLOW);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file whole or not at all, also in a power cut. One writer at a time may use `draft`, so that the draft of a killed writer is
 * removed by the next.
 */
export async function replacePrivateFile(file: string, draft: string, content: string): Promise<void> {
  await rm(draft, { force: true });
  try {
    const handle = await open(draft, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(path.dirname(file));
}

/** The mode of a folder; null where nothing is there. Rejects for a link or a file, and where it is not known. */
async function folderMode(folder: string): Promise<number | null> {
  try {
    const found = await lstat(folder);
    if (!found.isDirectory()) throw Object.assign(new Error(`${folder} is no folder`), { code: 'ENOTDIR' });
    return found.mode;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

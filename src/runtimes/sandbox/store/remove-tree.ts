import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure } from '../../failure';
import { PROGRAM_PATH } from '../process/path';
import { isMissing } from './json-file';

const isRoot = process.getuid?.() === 0;

/**
 * Removes a folder with all that is in it; nothing there is success. It may belong to somebody who swaps folders for links meanwhile. So
 * it is done by a program that goes from one open folder to the next, however deep, and as the folder's own owner, who could do no more
 * harm than before; never by path from here. What lies on another file system stays, and with it the folder.
 * @throws RuntimeUnavailable when something of it is left
 */
export async function removeTree(folder: string): Promise<void> {
  const owner = await ownerOf(folder);
  if (owner === null) return;
  let complaint = await removeContent(folder, owner);
  if (await isRemoved(folder)) return;
  // Its owner may have made folders read-only; as root, what others own in there can go too.
  await run({ program: 'chmod', args: ['-R', 'u+rwX', '--'], folder, owner });
  complaint = await removeContent(folder, owner);
  if (await isRemoved(folder)) return;
  if (isRoot) complaint = await removeContent(folder, { uid: 0, gid: 0 });
  if (await isRemoved(folder)) return;
  throw new RuntimeFailure('RuntimeUnavailable', `${folder} could not be removed: ${complaint}`);
}

interface Owner {
  uid: number;
  gid: number;
}

/** The folders that are removed lie in one that only the service can write to, so this path leads through nobody else's. */
async function ownerOf(folder: string): Promise<Owner | null> {
  try {
    return await lstat(folder);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

// Without root's rights the owner cannot remove the folder itself from the service's; that it then lies empty is all that matters.
const removeContent = (folder: string, owner: Owner): Promise<string> =>
  run({
    program: 'rm',
    args: [...(process.platform === 'linux' ? ['-rf', '--one-file-system'] : ['-rfx']), '--'],
    folder,
    owner,
  });

async function isRemoved(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (isMissing(error)) return true;
    if (['ENOTEMPTY', 'EEXIST', 'EACCES', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

// Begun in the folder above, so that its owner needs no way there. The answer is the last that it complained of.
async function run(spec: { program: string; args: string[]; folder: string; owner: Owner }): Promise<string> {
  const { program, args, folder, owner } = spec;
  const child = spawn(program, [...args, path.basename(folder)], {
    cwd: path.dirname(folder),
    env: { PATH: PROGRAM_PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(isRoot && { uid: owner.uid, gid: owner.gid }),
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(-500);
  });
  try {
    await once(child, 'close');
  } catch (error) {
    return String(error);
  }
  return complaint.trim().split('\n').at(-1) ?? '';
}

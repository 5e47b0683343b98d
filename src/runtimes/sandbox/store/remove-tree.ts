import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure } from '../../failure';
import { PROGRAM_PATH } from '../process/path';
import { isMissing } from './json-file';

const isRoot = process.getuid?.() === 0;

/**
 * Removes a folder with its content; a missing folder is success. Its owner may replace folders by links meanwhile. So a program removes
 * it that walks open folders, at any depth, with the rights of that owner, and never this process by path. Content on another file system
 * stays, and the folder with it.
 * @throws RuntimeUnavailable when something of it is left
 */
export async function removeTree(folder: string): Promise<void> {
  const owner = await ownerOf(folder);
  if (owner === null) return;
  let complaint = await removeContent(folder, owner);
  if (await isRemoved(folder)) return;
  // Its owner may have made folders read-only; root can also remove what other users own inside.
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

/** Only the service can write to the folder above, so this path leads through no folder of another user. */
async function ownerOf(folder: string): Promise<Owner | null> {
  try {
    return await lstat(folder);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

// The owner may not be allowed to remove the folder itself; it only has to be empty then.
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

// Started in the folder above, so that the owner needs no access to its path. Returns the last line of its error output.
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

import { lstat, rename } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure } from '../failure';
import { isProcessAlive } from './process/identity';
import { killPod } from './process/kill-tree';
import { recogniseHome } from './store/home-identity';
import { readHome, removeHome } from './store/home-record';
import { isMissing } from './store/json-file';
import { draftOf, homeOf, type Layout } from './store/paths';
import { removeTree } from './store/remove-tree';
import { readSandbox, removeSandbox } from './store/sandbox-record';

/**
 * Removes a home permanently, with all records of its workspace. The caller holds the workspace's lock.
 * @throws HomeBusy while a sandbox has it mounted; HomeMissing when an unknown folder is at its path, which stays
 */
export async function deleteHome(layout: Layout, home: { id: string; identity: string | null }): Promise<void> {
  const { id, identity } = home;
  const pod = (await readSandbox(layout, id))?.pod ?? null;
  if (pod !== null && isProcessAlive(pod.init)) {
    throw new RuntimeFailure('HomeBusy', `home ${id} is mounted by the sandbox of build ${pod.build}, which runs`);
  }
  // Processes of a plain sandbox may outlive its first process and still use the home.
  if (pod !== null) await killPod(layout, pod);
  const folder = homeOf(layout, id);
  const record = await readHome(layout, id);
  if (record === null && (await exists(folder))) {
    throw new RuntimeFailure('HomeMissing', `home ${id} is not recorded, so the folder at ${folder} stays`);
  }
  const trash = path.join(layout.homes, `.${id}.old`);
  if (record !== null && (await exists(folder))) {
    await recogniseHome({ layout, record, identity });
    await removeTree(trash);
    // Moved away in one step, so that a half removed home is never at its path.
    await rename(folder, trash);
  }
  await removeTree(trash);
  await removeTree(draftOf(layout, id));
  await removeSandbox(layout, id);
  await removeHome(layout, id);
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw new RuntimeFailure('RuntimeUnavailable', `${file} cannot be inspected`, { cause: error });
  }
}

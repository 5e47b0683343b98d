import path from 'node:path';
import { untilAborted } from '../../../hooks/until-aborted';
import type { Progress } from '../../runtime';
import { asFailure } from '../runtime-failure';
import { checkId, type Layout, makeFolders } from '../store/paths';
import { withLock } from './file-lock';

/** Runs work on one workspace after all earlier work on it; without a `progress` the waiting cannot be aborted. */
export type Serialize = <T>(id: string, progress: Progress | null, work: () => Promise<T>) => Promise<T>;

/**
 * Serializes all changes of a workspace, in whichever process they are made. Work that has begun goes on when its caller stops waiting,
 * so that it is never left half done.
 */
export function createSerializer(layout: Layout): Serialize {
  return async (id, progress, work) => {
    const lock = {
      folder: path.join(layout.locks, checkId(id)),
      signal: progress?.signal ?? null,
      onWait: () => progress?.waitingFor('an earlier step of this workspace that is not over yet'),
    };
    const run = () =>
      asFailure(async () => {
        await makeFolders(layout);
        return withLock(lock, work);
      });
    return progress === null ? run() : untilAborted(progress.signal, run);
  };
}

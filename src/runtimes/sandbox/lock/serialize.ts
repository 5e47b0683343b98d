import path from 'node:path';
import { untilAborted } from '../../../hooks/until-aborted';
import type { Progress } from '../../runtime';
import { asFailure } from '../runtime-failure';
import { checkId, type Layout, makeFolders } from '../store/paths';
import { withLock } from './file-lock';

/** Does work on one workspace in its turn; without a `progress` nobody can stop the waiting. */
export type InTurn = <T>(id: string, progress: Progress | null, work: () => Promise<T>) => Promise<T>;

/**
 * Lets all that changes one workspace happen one after the other, in whichever process. What was begun goes on when its caller
 * stops waiting, so that it is never left half done.
 */
export function takeTurns(layout: Layout): InTurn {
  return async (id, progress, work) => {
    const lock = {
      folder: path.join(layout.locks, checkId(id)),
      signal: progress?.signal ?? null,
      onWait: () => progress?.waitingFor('an earlier step of this workspace that is not over yet'),
    };
    const inTurn = () =>
      asFailure(async () => {
        await makeFolders(layout);
        return withLock(lock, work);
      });
    return progress === null ? inTurn() : untilAborted(progress.signal, inTurn);
  };
}

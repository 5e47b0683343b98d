/** Removes the pod of a workspace, and in the end its home. Neither removal is given up before it is done. */
import { ActivityFailure, log } from '@temporalio/workflow';
import { cleanUpActivities } from '../activity-options';
import { failureOf } from '../sdk/activity-failure';
import { Interrupted, observe } from '../sdk/interruptible';
import { homeToPurge, podRef } from './rules/activity-input';
import { isFinal } from './rules/build-steps';
import { homePurged, noteBlocked, podRemoved } from './rules/clean-up';
import type { Run } from './run';

/** Removes the pod, then enters the state that this leads to. */
export async function cleanUp(run: Run): Promise<void> {
  const { state } = run;
  const { podBuild } = state;
  if (podBuild !== null) {
    const pod = podRef(state, podBuild);
    const summary = `remove the pod of build ${podBuild}`;
    const work = ({ proxy, limitMs }: Attempts) => proxy.stopPod.executeWithOptions({ summary }, [{ pod, limitMs }]);
    if (!(await finish(run, work))) return;
  }
  podRemoved(state, podBuild, Date.now());
}

/** Removes the home permanently, which ends the workspace. */
export async function purge(run: Run): Promise<void> {
  const { state } = run;
  const home = homeToPurge(state);
  if (home) {
    const summary = 'purge the home';
    const work = ({ proxy, limitMs }: Attempts) => proxy.deleteHome.executeWithOptions({ summary }, [{ ...home, limitMs }]);
    if (!(await finish(run, work))) return;
  }
  homePurged(state, Date.now());
}

type Attempts = (typeof cleanUpActivities)['first'];

/**
 * Whether the removal has ended. The first round has few attempts, so that users soon see what it waits for; later rounds have many,
 * so that a wait of weeks costs few events. A final failure ends the removal: there is nothing left to remove.
 */
async function finish(run: Run, work: (attempts: Attempts) => Promise<unknown>): Promise<boolean> {
  const { state } = run;
  const attempts = state.blocked ? cleanUpActivities.later : cleanUpActivities.first;
  try {
    await observe(() => work(attempts), run.mustHandOver);
  } catch (error) {
    if (error instanceof Interrupted) return false;
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('clean-up: failed', { error });
    const failure = failureOf(error);
    if (!isFinal(failure.type)) {
      noteBlocked(state, failure, Date.now());
      return false;
    }
  }
  state.blocked = null;
  return true;
}

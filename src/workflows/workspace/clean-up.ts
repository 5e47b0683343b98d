/** Removing what a workspace had: its pod, and in the end its home. Neither is given up before it is done. */
import { ActivityFailure, log } from '@temporalio/workflow';
import { cleanUps } from '../activity-options';
import { failureOf } from '../sdk/activity-failure';
import { Interrupted, observe } from '../sdk/interruptible';
import { homeToPurge, podRef } from './rules/activity-input';
import { isFinal } from './rules/build-steps';
import { enter, noteBlocked, notePodGone, settleEnding } from './rules/transition';
import { iso } from './rules/view-status';
import type { Run } from './run';

/** Removes what comes down, then enters the state that this leads to. */
export async function clean(run: Run): Promise<void> {
  const { state } = run;
  const { podBuild } = state;
  if (podBuild !== null) {
    const pod = podRef(state, podBuild);
    const summary = `remove the pod of build ${podBuild}`;
    const isClean = await finish(run, ({ proxy, limitMs }) => proxy.stopPod.executeWithOptions({ summary }, [{ pod, limitMs }]));
    if (!isClean) return;
    notePodGone(state, podBuild);
    // That of a newer build was found meanwhile, and is removed next.
    if (state.podBuild !== null) return;
  }
  settleEnding(state, Date.now());
}

/** Removes the home for good, which is the end of the workspace. */
export async function purge(run: Run): Promise<void> {
  const { state } = run;
  const home = homeToPurge(state);
  if (home) {
    const summary = 'purge the home';
    const work = ({ proxy, limitMs }: Attempts) => proxy.deleteHome.executeWithOptions({ summary }, [{ ...home, limitMs }]);
    if (!(await finish(run, work))) return;
  }
  const evidence = `deleted, kept until ${iso(state.purgeAt ?? Date.now())}`;
  state.home = null;
  enter(state, 'purged', { cause: 'purge', by: null, rule: 'retention', evidence }, Date.now());
}

type Attempts = (typeof cleanUps)['first'];

/**
 * Whether the work came to its end. The first attempts are few, so that people soon learn what it waits for; the next ones are many,
 * so that one that waits for weeks costs few events. A final failure is an end: there is nothing left to do about it.
 */
async function finish(run: Run, work: (attempts: Attempts) => Promise<unknown>): Promise<boolean> {
  const { state } = run;
  const attempts = state.blocked ? cleanUps.later : cleanUps.first;
  try {
    await observe(() => work(attempts), run.mustHandOver);
  } catch (error) {
    if (error instanceof Interrupted) return false;
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('a clean-up failed', { error });
    const failure = failureOf(error);
    if (!isFinal(failure.type)) {
      noteBlocked(state, failure, Date.now());
      return false;
    }
  }
  state.blocked = null;
  return true;
}

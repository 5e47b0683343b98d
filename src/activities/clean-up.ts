/** The removal of pods and homes. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { cutText, MESSAGE_LIMIT } from '../contract/text-limit';
import { untilAborted } from '../hooks/until-aborted';
import type { HomeRef, PodRef, Progress } from '../runtimes/runtime';
import type { Dependencies } from './dependencies';
import { retriedUnless, toApplicationFailure } from './failure';
import { startHeartbeat } from './heartbeat';

/** Bounds one attempt. */
export interface Limit {
  /** After this an attempt fails with what it waits for, so that the workspace can show it; absent for no limit. */
  limitMs?: number;
}

/** The activities `stopPod` and `deleteHome`. */
export function cleanUpActivities({ runtime }: Dependencies) {
  return {
    /** Removes the pod of this build or of an older one; a newer build's pod stays. */
    stopPod: ({ pod, limitMs }: { pod: PodRef } & Limit): Promise<void> =>
      withHeartbeat(limitMs, (progress) => retriedUnless([], () => runtime.stopPod(pod, progress))),

    /** Removes a home. A missing home, or the home of another workspace, needs no removal. */
    deleteHome: ({ limitMs, ...home }: HomeRef & Limit): Promise<void> =>
      withHeartbeat(limitMs, () => retriedUnless(['HomeMissing', 'NotFound'], () => runtime.deleteHome(home))),
  };
}

/** Sends heartbeats that say what the attempt waits for, and fails it after its limit. */
async function withHeartbeat<T>(limitMs: number | undefined, work: (progress: Progress) => Promise<T>): Promise<T> {
  const context = Context.current();
  let waitingFor = 'the runtime';
  context.heartbeat({ waitingFor });
  const endHeartbeat = startHeartbeat(() => context.heartbeat({ waitingFor }));
  const timeout = new AbortController();
  const timer = limitMs === undefined ? undefined : setTimeout(() => timeout.abort(), limitMs);
  try {
    const progress = {
      signal: AbortSignal.any([context.cancellationSignal, timeout.signal]),
      waitingFor: (sentence: string) => {
        waitingFor = cutText(sentence, MESSAGE_LIMIT);
      },
    };
    return await untilAborted(progress.signal, async () => work(progress));
  } catch (error) {
    // An interrupted removal is not done: the workflow, or the run that follows, starts it again.
    if (context.cancellationSignal.aborted) throw new CancelledFailure('the clean-up is no longer observed');
    if (timeout.signal.aborted) throw stillWaiting(limitMs ?? 0, waitingFor);
    throw toApplicationFailure(error);
  } finally {
    clearTimeout(timer);
    endHeartbeat();
  }
}

/** Not retried by the server, so that the workflow can show what the removal waits for before it starts the next round. */
function stillWaiting(limitMs: number, waitingFor: string): ApplicationFailure {
  const message = `after ${limitMs / 1_000} s it still waits for ${waitingFor}`;
  return ApplicationFailure.create({ type: 'RuntimeUnavailable', message: cutText(message, MESSAGE_LIMIT), nonRetryable: true });
}

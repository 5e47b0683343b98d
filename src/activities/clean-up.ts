/** Everything that touches what runs besides builds: clean-up, the last look, the purge of a home. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type FailureType, TEMPORARY_TYPES } from '../contract/failure-types';
import { cutText, MESSAGE_LIMIT } from '../contract/text-limit';
import { untilAborted } from '../hooks/until-aborted';
import { RuntimeFailure } from '../runtimes/failure';
import type { HomeRef, PodRef, Progress } from '../runtimes/runtime';
import type { Dependencies } from './dependencies';
import { toApplicationFailure, translated } from './failure';
import { startPulse } from './heartbeat';

export function careActivities({ runtime }: Dependencies) {
  return {
    /** Removes this build's pod or an older one; a newer build's pod stays. */
    stopPod: ({ pod, limitMs }: { pod: PodRef } & Limit): Promise<void> =>
      withHeartbeat(limitMs, (progress) => insisting([], () => runtime.stopPod(pod, progress))),

    /** When a terminal last had input, in epoch milliseconds; null for no terminal. Only `PodLost` is final: no answer is not idleness. */
    lastLook: (input: { pod: PodRef }): Promise<{ lastInputAt: number | null }> =>
      translated(async () => {
        const at = await insisting(['PodLost'], () => runtime.lastTerminalInput(input.pod));
        return { lastInputAt: typeof at === 'number' && Number.isFinite(at) ? at : null };
      }),

    /** A home that is missing, or another's by now, is not there to be removed. */
    deleteHome: ({ limitMs, ...home }: HomeRef & Limit): Promise<void> =>
      withHeartbeat(limitMs, () => insisting(['HomeMissing', 'NotFound'], () => runtime.deleteHome(home))),
  };
}

/** `limitMs`: how long one attempt waits before it fails with what it waits for, so that the workspace can say so; for ever where left out. */
export interface Limit {
  limitMs?: number;
}

/**
 * Whoever refuses a clean-up has not made it needless: what is no end of it is tried again, until an administrator lets it through.
 * A pod or a home that is given up would be forgotten.
 */
async function insisting<T>(ends: FailureType[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RuntimeFailure) || ends.includes(error.type)) throw error;
    const isTemporary = (TEMPORARY_TYPES as readonly string[]).includes(error.type);
    throw isTemporary ? error : new RuntimeFailure('RuntimeUnavailable', error.message, { cause: error });
  }
}

/** Keeps the server told that the work goes on, and what it waits for. Past its limit an attempt fails for the workflow to see. */
async function withHeartbeat<T>(limitMs: number | undefined, work: (progress: Progress) => Promise<T>): Promise<T> {
  const context = Context.current();
  let waitingFor = 'the runtime';
  context.heartbeat({ waitingFor });
  const endPulse = startPulse(() => context.heartbeat({ waitingFor }));
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
    // What was cut off is not done: its workflow, or the run that takes over, asks for it again.
    if (context.cancellationSignal.aborted) throw new CancelledFailure('the clean-up is no longer observed');
    if (timeout.signal.aborted) throw stillWaiting(limitMs ?? 0, waitingFor);
    throw toApplicationFailure(error);
  } finally {
    clearTimeout(timer);
    endPulse();
  }
}

/** Not retried by the server, so that the workflow hears of it now and asks again. */
function stillWaiting(limitMs: number, waitingFor: string): ApplicationFailure {
  const message = `after ${limitMs / 1_000} s it still waits for ${waitingFor}`;
  return ApplicationFailure.create({ type: 'RuntimeUnavailable', message: cutText(message, MESSAGE_LIMIT), nonRetryable: true });
}

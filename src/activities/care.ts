/** Everything that touches what runs besides builds: clean-up, the last look, the purge of a home. */
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { untilAborted } from '../runtimes/abort';
import { RuntimeFailure } from '../runtimes/failure';
import { type FailureType, TEMPORARY_TYPES } from '../runtimes/failure-types';
import type { HomeRef, PodRef, Progress } from '../runtimes/runtime';
import { toApplicationFailure, translated } from './failure';
import type { Dependencies } from './index';
import { startPulse } from './pulse';

export function careActivities({ runtime }: Dependencies) {
  return {
    /** Removes this build's pod or an older one; a newer build's pod stays. */
    stopPod: (input: { pod: PodRef }): Promise<void> =>
      withHeartbeat((progress) => insisting([], () => runtime.stopPod(input.pod, progress))),

    /** When a terminal last had input, in epoch milliseconds; null for no terminal. Only `PodLost` is final: no answer is not idleness. */
    lastLook: (input: { pod: PodRef }): Promise<{ lastInputAt: number | null }> =>
      translated(async () => ({
        lastInputAt: await insisting(['PodLost'], () => runtime.lastTerminalInput(input.pod)),
      })),

    /** A home that is missing, or another's by now, is not there to be removed. */
    deleteHome: (input: HomeRef): Promise<void> =>
      withHeartbeat(() => insisting(['HomeMissing', 'NotFound'], () => runtime.deleteHome(input))),
  };
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

/** Keeps the server told that the work goes on, and what it waits for. */
async function withHeartbeat<T>(work: (progress: Progress) => Promise<T>): Promise<T> {
  const context = Context.current();
  let waitingFor = 'the runtime';
  context.heartbeat({ waitingFor });
  const endPulse = startPulse(() => context.heartbeat({ waitingFor }));
  try {
    const progress = {
      signal: context.cancellationSignal,
      waitingFor: (sentence: string) => {
        waitingFor = sentence.slice(0, 500);
      },
    };
    return await untilAborted(progress.signal, async () => work(progress));
  } catch (error) {
    // What was cut off is not done: its workflow, or the run that takes over, asks for it again.
    if (context.cancellationSignal.aborted) throw new CancelledFailure('the clean-up is no longer observed');
    throw toApplicationFailure(error);
  } finally {
    endPulse();
  }
}

/**
 * What every step of a build has in common: a heartbeat that says what it waits for, the build's deadline, and failures that say how
 * much of it they used. A step observes; when it is cancelled it stops observing and undoes nothing.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { HookResult } from '../hooks/hook';
import { RuntimeFailure } from '../runtimes/failure';
import type { Progress } from '../runtimes/runtime';
import { toApplicationFailure } from './failure';

/** Often enough that a cancel is noticed at once; the SDK throttles what goes to the server. */
const HEARTBEAT_INTERVAL_MS = 250;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 15_000;

/** The build's deadline as it stands for this step. */
export interface Deadline {
  /** As the policy has it, for messages. */
  text: string;
  totalMs: number;
  /** What earlier steps have used. */
  spentMs: number;
}

export interface StepResult<T = unknown> {
  value: T;
  /** From the first attempt's start to the end, pauses included. */
  tookMs: number;
  attempt: number;
  hook?: HookResult;
}

/** What is known about a step that failed or was cancelled. */
export interface BuildFailureDetails {
  tookMs?: number;
  attempt?: number;
  /** Of `StaleBuild`: the newest build seen. */
  found?: number;
  /** Of `PodLost`: false when the host or the stack ended. */
  counted?: boolean;
}

/** Heartbeat details, in the Web UI's pending activities and for the next attempt. */
export interface StepHeartbeat {
  startedAt: string;
  waitingFor: string;
}

/**
 * Runs one attempt of a step. Throws a retryable failure with the pause until the next attempt, a final one, `BuildTimedOut` when
 * the deadline has passed, or a CancelledFailure.
 */
export async function runStep<T>(
  { deadline, waitingFor }: { deadline: Deadline; waitingFor: string },
  work: (progress: Progress) => Promise<T>,
): Promise<StepResult<T>> {
  const context = Context.current();
  const { attempt, heartbeatDetails } = context.info;
  const known = heartbeatDetails as StepHeartbeat | undefined;
  const startedAt = known?.startedAt ? Date.parse(known.startedAt) : Date.now();
  const beat: StepHeartbeat = { startedAt: new Date(startedAt).toISOString(), waitingFor: known?.waitingFor ?? waitingFor };
  const remainingMs = deadline.totalMs - deadline.spentMs - (Date.now() - startedAt);
  if (remainingMs <= 0) throw timedOut(deadline, beat, { tookMs: Date.now() - startedAt, attempt });
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error('the deadline passed')), remainingMs);
  const pulse = setInterval(() => context.heartbeat(beat), HEARTBEAT_INTERVAL_MS);
  context.heartbeat(beat);
  try {
    const signal = AbortSignal.any([context.cancellationSignal, timeout.signal]);
    const value = await work({
      signal,
      waitingFor: (sentence) => void Object.assign(beat, { waitingFor: sentence.slice(0, 500) }),
    });
    return { value, tookMs: Date.now() - startedAt, attempt };
  } catch (error) {
    const details = { tookMs: Date.now() - startedAt, attempt };
    if (context.cancellationSignal.aborted) throw new CancelledFailure('the step is no longer observed', [details]);
    if (timeout.signal.aborted) throw timedOut(deadline, beat, details);
    throw withPause(error, { details, remainingMs: deadline.totalMs - deadline.spentMs - details.tookMs });
  } finally {
    clearTimeout(timer);
    clearInterval(pulse);
    context.heartbeat({ ...beat });
  }
}

function timedOut(deadline: Deadline, beat: StepHeartbeat, details: BuildFailureDetails): ApplicationFailure {
  const message = `the build's deadline of ${deadline.text} passed; last it waited for: ${beat.waitingFor}`;
  return toApplicationFailure(new RuntimeFailure('BuildTimedOut', message, { details }));
}

/** The next attempt comes soon, later each time, and never after the deadline, so that a build ends when it says. */
function withPause(
  error: unknown,
  { details, remainingMs }: { details: BuildFailureDetails; remainingMs: number },
): ApplicationFailure {
  const failure = toApplicationFailure(error, { ...details });
  if (failure.nonRetryable) return failure;
  const pauseMs = Math.min(FIRST_PAUSE_MS * 1.5 ** ((details.attempt ?? 1) - 1), MAX_PAUSE_MS);
  return ApplicationFailure.create({
    type: failure.type ?? 'RuntimeUnavailable',
    message: failure.message,
    details: failure.details ?? [],
    nextRetryDelay: Math.max(1, Math.min(pauseMs, remainingMs)),
  });
}

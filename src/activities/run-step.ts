/**
 * What every step of a build has in common: a heartbeat that says what it waits for, the build's deadline, and failures that say how
 * much of it they used. A step observes; when it is cancelled it stops observing and undoes nothing.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { cutText, MESSAGE_LIMIT } from '../contract/text-limit';
import type { HookResult } from '../hooks/hook';
import { RuntimeFailure } from '../runtimes/failure';
import type { Progress } from '../runtimes/runtime';
import { toApplicationFailure } from './failure';
import { startPulse } from './heartbeat';

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 15_000;
/** The longest that a timer of Node takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

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
  waitingFor: string;
  /** Of the build's deadline, used by this step's attempts so far; the time without any worker is not in it. */
  usedMs: number;
  /** Attempts that found no place to begin in, and so were none; missing for none. */
  refusals?: number;
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
  const known = context.info.heartbeatDetails as StepHeartbeat | undefined;
  const { refusals = 0 } = known ?? {};
  const attempt = context.info.attempt - refusals;
  const beat = { waitingFor: known?.waitingFor ?? waitingFor };
  const attemptStartedAt = Date.now();
  const usedMs = () => (known?.usedMs ?? 0) + Date.now() - attemptStartedAt;
  const remainingMs = () => deadline.totalMs - deadline.spentMs - usedMs();
  const details = (): BuildFailureDetails => ({ tookMs: usedMs(), attempt });
  if (remainingMs() <= 0) throw timedOut(deadline, beat.waitingFor, details());

  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error('the deadline passed')), Math.min(remainingMs(), MAX_TIMER_MS));
  const send = (pauseMs = 0) =>
    context.heartbeat({ ...beat, usedMs: usedMs() + pauseMs, ...(refusals > 0 && { refusals }) } satisfies StepHeartbeat);
  const endPulse = startPulse(send);
  try {
    const signal = AbortSignal.any([context.cancellationSignal, timeout.signal]);
    const value = await work({
      signal,
      waitingFor: (sentence) => void Object.assign(beat, { waitingFor: cutText(sentence, MESSAGE_LIMIT) }),
    });
    return { value, tookMs: usedMs(), attempt };
  } catch (error) {
    if (context.cancellationSignal.aborted) throw new CancelledFailure('the step is no longer observed', [details()]);
    if (timeout.signal.aborted) throw timedOut(deadline, beat.waitingFor, details());
    const failure = toApplicationFailure(error, { ...details() });
    if (failure.nonRetryable) throw failure;
    const pauseMs = pauseBefore(attempt + 1, remainingMs());
    beat.waitingFor = cutText(`another attempt after ${failure.type}: ${failure.message}`, MESSAGE_LIMIT);
    // The pause counts too, and only what was sent with a heartbeat reaches the next attempt.
    send(pauseMs);
    throw withPause(failure, pauseMs);
  } finally {
    clearTimeout(timer);
    endPulse();
  }
}

function timedOut(deadline: Deadline, waitingFor: string, details: BuildFailureDetails): ApplicationFailure {
  const message = `the build's deadline of ${deadline.text} passed; last it waited for: ${waitingFor}`;
  return toApplicationFailure(new RuntimeFailure('BuildTimedOut', message, { details }));
}

/** Later each time, and never after the deadline, so that a build ends when it says. */
function pauseBefore(attempt: number, remainingMs: number): number {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 1.5 ** (attempt - 2), MAX_PAUSE_MS);
  return Math.max(1, Math.min(pauseMs, remainingMs));
}

function withPause(failure: ApplicationFailure, nextRetryDelay: number): ApplicationFailure {
  const { type, message, details } = failure;
  return ApplicationFailure.create({ type: type ?? 'RuntimeUnavailable', message, details: details ?? [], nextRetryDelay });
}

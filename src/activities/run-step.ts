/**
 * Runs an attempt of any step of a build: heartbeats that say what it waits for, the build's deadline, and failures that say how much of
 * it the step used. A cancelled step stops observing and undoes nothing.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { cutText, MESSAGE_LIMIT } from '../contract/text-limit';
import type { EndedHook, HookResult } from '../hooks/hook';
import { RuntimeFailure } from '../runtimes/failure';
import type { Progress } from '../runtimes/runtime';
import { toApplicationFailure } from './failure';
import { startHeartbeat } from './heartbeat';

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 15_000;
/** The longest timer of Node. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The build's deadline, as of this step. */
export interface Deadline {
  /** The policy's text, for messages. */
  text: string;
  totalMs: number;
  /** Used by earlier steps. */
  spentMs: number;
}

/** The result of a step's activity. */
export interface StepResult<T = unknown> {
  value: T;
  /** Milliseconds from the first attempt's start to the end, pauses between attempts included. */
  tookMs: number;
  /** Counts from 1. Attempts without a free slot are left out. */
  attempt: number;
  /** Of hook steps only. */
  hook?: HookResult;
  /** Of `injectSecrets` only: the hooks that it ran as well, in their order, all of which have ended. Absent for none. */
  hooks?: EndedHook[];
}

/** Details of the failure of a step. */
export interface BuildFailureDetails {
  /** As in `StepResult`. */
  tookMs?: number;
  attempt?: number;
  /** Of `StaleBuild`: the newest build in the runtime. */
  found?: number;
  /** Of `PodLost`: false when the host or the embedded stack ended. */
  counted?: boolean;
  /** Of `QuotaExceeded`: whether the workspace's home counts all the same. */
  home?: boolean;
}

/** Heartbeat details, for the Web UI's pending activities and for the next attempt. */
export interface StepHeartbeat {
  waitingFor: string;
  /** Milliseconds of the build's deadline that this step's attempts have used; time without a worker does not count. */
  usedMs: number;
  /** Attempts without a free slot, which do not count as attempts; absent for none. */
  refusals?: number;
}

/**
 * Runs one attempt of a step. Throws a retryable failure with the pause before the next attempt, a final failure, `BuildTimedOut` after
 * the deadline, or a CancelledFailure.
 */
export async function runStep<T>(
  { deadline, waitingFor }: { deadline: Deadline; waitingFor: string },
  work: (progress: Progress) => Promise<T>,
): Promise<StepResult<T>> {
  const context = Context.current();
  const known = context.info.heartbeatDetails as StepHeartbeat | undefined;
  const { refusals = 0 } = known ?? {};
  const attempt = context.info.attempt - refusals;
  let waitsFor = known?.waitingFor ?? waitingFor;
  const attemptStartedAt = Date.now();
  const usedMs = () => (known?.usedMs ?? 0) + Date.now() - attemptStartedAt;
  const remainingMs = () => deadline.totalMs - deadline.spentMs - usedMs();
  const details = (): BuildFailureDetails => ({ tookMs: usedMs(), attempt });
  if (remainingMs() <= 0) throw timedOut(deadline, waitsFor, details());

  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error('the deadline passed')), Math.min(remainingMs(), MAX_TIMER_MS));
  const send = (pauseMs = 0) =>
    context.heartbeat({
      waitingFor: waitsFor,
      usedMs: usedMs() + pauseMs,
      ...(refusals > 0 && { refusals }),
    } satisfies StepHeartbeat);
  const endHeartbeat = startHeartbeat(send);
  try {
    const signal = AbortSignal.any([context.cancellationSignal, timeout.signal]);
    const value = await work({
      signal,
      waitingFor: (sentence) => {
        waitsFor = cutText(sentence, MESSAGE_LIMIT);
      },
    });
    return { value, tookMs: usedMs(), attempt };
  } catch (error) {
    if (context.cancellationSignal.aborted) throw new CancelledFailure('the step is no longer observed', [details()]);
    if (timeout.signal.aborted) throw timedOut(deadline, waitsFor, details());
    const failure = toApplicationFailure(error, { ...details() });
    if (failure.nonRetryable) throw failure;
    const pauseMs = pauseBefore(attempt + 1, remainingMs());
    waitsFor = cutText(`another attempt after ${failure.type}: ${failure.message}`, MESSAGE_LIMIT);
    // The pause counts too, and only heartbeat details reach the next attempt.
    send(pauseMs);
    throw withPause(failure, pauseMs);
  } finally {
    clearTimeout(timer);
    endHeartbeat();
  }
}

function timedOut(deadline: Deadline, waitingFor: string, details: BuildFailureDetails): ApplicationFailure {
  const message = `the build's deadline of ${deadline.text} passed; last it waited for: ${waitingFor}`;
  return toApplicationFailure(new RuntimeFailure('BuildTimedOut', message, { details }));
}

/** Exponential backoff, cut at the deadline, so that a build ends on time. */
function pauseBefore(attempt: number, remainingMs: number): number {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 1.5 ** (attempt - 2), MAX_PAUSE_MS);
  return Math.max(1, Math.min(pauseMs, remainingMs));
}

function withPause(failure: ApplicationFailure, nextRetryDelay: number): ApplicationFailure {
  const { type, message, details } = failure;
  return ApplicationFailure.create({ type: type ?? 'RuntimeUnavailable', message, details: details ?? [], nextRetryDelay });
}

/** Retries requests that failed only because of timing. */
import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { QueryRejectedError } from '@temporalio/client';
import { isToAskAgain } from '../contract/messages';
import { serverError, toRequestFailure } from './failure';

/** The status, in Temporal's API, of a run that another run followed. */
const CONTINUED_AS_NEW = 6;
// Status codes of gRPC.
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
/** The server's words for an update that a workspace did not accept, because it continued as new. */
const UNACCEPTED = /unexpected workflow task failure|update was aborted/;

/** The SDK retries within each of them for some seconds. */
const ATTEMPTS = 20;
const MIN_PAUSE_MS = 200;
/** Limits the attempts of an unanswered query. The server waits 10 s each time, so a caller learns of a missing worker in half a minute. */
const UNANSWERED_ATTEMPTS = 3;

/**
 * Sends an update, and retries it where the server did not accept it: because the workspace continued as new in that moment, or because
 * ten other updates were in flight. The id of the update stays the same, so an update that was accepted is not applied twice.
 */
export function sendUpdate<T>(subject: string, send: (updateId: string) => Promise<T>): Promise<T> {
  const updateId = randomUUID();
  return withRetries(subject, () => send(updateId), isUnaccepted);
}

/**
 * Sends a query, and retries it where it came between events and their task, or to a run that another followed in that moment, and where
 * no worker answered in time: a busy worker may need longer than the server allows.
 */
export function sendQuery<T>(subject: string, send: () => Promise<T>): Promise<T> {
  let unanswered = 0;
  return withRetries(subject, send, (error) => {
    if (serverError(error)?.code === DEADLINE_EXCEEDED) return ++unanswered < UNANSWERED_ATTEMPTS;
    return isToAskAgain(error) || isFollowed(error) || isTaskRetried(error) || isUnpolled(error);
  });
}

/** While the server retries the task that was to end a run, because new events came, it answers no query. */
function isTaskRetried(error: unknown): boolean {
  const inner = serverError(error);
  return inner?.code === FAILED_PRECONDITION && /task in failed state/i.test(inner.details);
}

/** A worker that starts, or one without time to poll, is back within seconds. The server answers immediately, so the attempts take seconds. */
function isUnpolled(error: unknown): boolean {
  const inner = serverError(error);
  return inner?.code === FAILED_PRECONDITION && /no poller seen/i.test(inner.details);
}

async function withRetries<T>(subject: string, send: () => Promise<T>, isRetryable: (error: unknown) => boolean): Promise<T> {
  // Jitter: callers that were refused together should not return together.
  const pauseMs = MIN_PAUSE_MS + randomInt(MIN_PAUSE_MS);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (attempt === ATTEMPTS || !isRetryable(error)) throw toRequestFailure(error, subject);
      await pause(pauseMs);
    }
  }
}

function isFollowed(error: unknown): boolean {
  return error instanceof QueryRejectedError && error.status === CONTINUED_AS_NEW;
}

function isUnaccepted(error: unknown): boolean {
  const inner = serverError(error);
  return inner !== null && (inner.code === RESOURCE_EXHAUSTED || UNACCEPTED.test(inner.details));
}

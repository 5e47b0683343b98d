import { randomInt, randomUUID } from 'node:crypto';
import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { isToAskAgain } from '../contract/messages';

/** Of Temporal's API: the status of a run that another one followed. */
const CONTINUED_AS_NEW = 6;
// Of gRPC.
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;

/** A request that was refused or failed: a type of the contract's list (or `AlreadyExists`, `Unavailable`) and one sentence. */
export class RequestFailure extends Error {
  constructor(
    readonly type: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'RequestFailure';
  }
}

/** Puts whatever the SDK throws into one plain sentence about the thing named. */
export function toRequestFailure(error: unknown, thing: string): RequestFailure {
  if (error instanceof RequestFailure) return error;
  if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError) {
    const { cause } = error;
    if (cause instanceof ApplicationFailure) return new RequestFailure(cause.type ?? 'Failed', cause.message, { cause: error });
    return new RequestFailure('Failed', `${thing}: ${cause?.message ?? error.message}`, { cause: error });
  }
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new RequestFailure('AlreadyExists', `${thing} exists already`, { cause: error });
  }
  if (error instanceof WorkflowNotFoundError)
    return new RequestFailure('NotFound', `${thing} does not exist, or has ended`, { cause: error });
  if (isToAskAgain(error)) return new RequestFailure('Unavailable', `${thing}: ${(error as Error).message}`, { cause: error });
  // The SDK's one class for whatever a query's handler threw, as for one that is not there.
  if (error instanceof QueryNotRegisteredError) return new RequestFailure('NotFound', error.message, { cause: error });
  if (error instanceof QueryRejectedError) return new RequestFailure('NotFound', `${thing} has ended`, { cause: error });
  const answer = serverAnswer(error);
  if (answer !== null) return new RequestFailure('Unavailable', `${thing}: ${answer}`, { cause: error });
  return new RequestFailure('Failed', `${thing}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

/** A gRPC error. */
interface ServerError {
  code: number;
  details: string;
  message: string;
}

/** What the server said, where the failure is the server's. */
function serverAnswer(error: unknown): string | null {
  const inner = serverError(error);
  if (inner === null) return null;
  const isUnanswered = inner.code === DEADLINE_EXCEEDED || inner.code === CANCELLED;
  return isUnanswered
    ? 'no answer in time; does a worker run on this namespace?'
    : `Temporal answered: ${inner.details || inner.message}`;
}

/** The SDK wraps the server's own error once for most calls. */
function serverError(error: unknown): ServerError | null {
  const inner = isGrpcServiceError(error) ? error : error instanceof Error ? error.cause : undefined;
  return isGrpcServiceError(inner) ? inner : null;
}

/** Runs a request and translates its failure. */
export async function requesting<T>(thing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toRequestFailure(error, thing);
  }
}

/**
 * Sends an update, again where the server did not take it: because the workspace continued as new at that very moment, or because
 * ten others were on their way to it. The id of the update stays the same, so that one that was taken after all is not taken twice.
 */
export function sendUpdate<T>(thing: string, send: (updateId: string) => Promise<T>): Promise<T> {
  const updateId = randomUUID();
  return persistently(thing, () => send(updateId), isUntaken);
}

/** Sends a query, again where it came to a workflow between two of its tasks, or to a run that another followed at that moment. */
export function sendQuery<T>(thing: string, send: () => Promise<T>): Promise<T> {
  return persistently(thing, send, (error) => isToAskAgain(error) || isFollowed(error));
}

function isFollowed(error: unknown): boolean {
  return error instanceof QueryRejectedError && error.status === CONTINUED_AS_NEW;
}

/** Each try of an update is patient already: the SDK's own retries take seconds. */
const TRIES = 20;
const MIN_PAUSE_MS = 200;

async function persistently<T>(thing: string, send: () => Promise<T>, isWorthAnother: (error: unknown) => boolean): Promise<T> {
  // Callers that were refused together should not come back together.
  const pauseMs = MIN_PAUSE_MS + randomInt(MIN_PAUSE_MS);
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      if (tries === TRIES || !isWorthAnother(error)) throw toRequestFailure(error, thing);
      await pause(pauseMs);
    }
  }
}

const RESOURCE_EXHAUSTED = 8;
const UNTAKEN = /unexpected workflow task failure|update was aborted/;

function isUntaken(error: unknown): boolean {
  const inner = serverError(error);
  return inner !== null && (inner.code === RESOURCE_EXHAUSTED || UNTAKEN.test(inner.details));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

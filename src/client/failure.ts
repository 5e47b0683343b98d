import {
  isGrpcServiceError,
  QueryRejectedError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

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
  if (error instanceof QueryRejectedError) return new RequestFailure('NotFound', `${thing} has ended`, { cause: error });
  const answer = serverAnswer(error);
  if (answer !== null) return new RequestFailure('Unavailable', `${thing}: ${answer}`, { cause: error });
  return new RequestFailure('Failed', `${thing}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

/** What the server said, where the failure is the server's; the SDK wraps it once for most calls. */
function serverAnswer(error: unknown): string | null {
  const inner = isGrpcServiceError(error) ? error : error instanceof Error ? error.cause : undefined;
  if (!isGrpcServiceError(inner)) return null;
  const isUnanswered = inner.code === DEADLINE_EXCEEDED || inner.code === CANCELLED;
  return isUnanswered
    ? 'no answer in time; does a worker run on this namespace?'
    : `Temporal answered: ${inner.details || inner.message}`;
}

/** Runs a request and translates its failure. */
export async function requesting<T>(thing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toRequestFailure(error, thing);
  }
}

/** The server's word that an update fell between two tasks of the workflow: nothing of it was taken, so it may be sent again. */
const FELL_BETWEEN = /unexpected workflow task failure/;
const UPDATE_TRIES = 5;

/** Sends an update, again where the server dropped it untaken, as it does when a workspace continues as new at that moment. */
export async function sendUpdate<T>(thing: string, send: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      if (tries === UPDATE_TRIES || !isDropped(error)) throw toRequestFailure(error, thing);
    }
  }
}

function isDropped(error: unknown): boolean {
  return isGrpcServiceError(error) && FELL_BETWEEN.test(`${error.details} ${String(error.cause)}`);
}

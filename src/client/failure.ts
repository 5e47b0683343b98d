/** What a request fails with: every error of the SDK as one type and one sentence. */
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
import { FINAL_TYPES, type FinalType, TEMPORARY_TYPES, type TemporaryType } from '../contract/failure-types';
import { isToAskAgain, NO_SUCH_BUILD } from '../contract/messages';

// Codes of gRPC.
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;

/**
 * Every type of a `RequestFailure`. The first eight refuse a request, and a retry changes nothing:
 *
 * - `InvalidRequest`: a field is malformed or over its limit; the message names the field, what was expected, and what came.
 * - `NotAllowed`: the state of the workspace or the organization's policy forbids it.
 * - `QuotaExceeded`: a build does not fit the owner's quota; the message names it.
 * - `NotFound`: the workspace, organization, or build does not exist, or the workspace has ended; the message says how.
 * - `ImageNotFound`, `ImageInvalid`, `HomeMissing`, `BuildTimedOut`: a build failed for this reason.
 *
 * `RuntimeUnavailable`, `NoCapacity`, and `HomeBusy` are faults of the runtime that Perennial retries by itself. The client adds three:
 *
 * - `AlreadyExists`: `create` found a workspace or organization of that name; it is untouched.
 * - `Unavailable`: Temporal or the worker did not answer; the same request may be sent again.
 * - `Failed`: anything else; `cause` is the error of the SDK.
 */
export type RequestFailureType = FinalType | TemporaryType | 'AlreadyExists' | 'Unavailable' | 'Failed';

/**
 * A request that was refused or failed. Every method of the client's handles rejects with it.
 *
 * ```ts
 * if (error instanceof RequestFailure && error.type === 'NotFound') return null;
 * ```
 */
export class RequestFailure extends Error {
  constructor(
    /** Why, from a closed list. */
    readonly type: RequestFailureType,
    /** One sentence for people. */
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'RequestFailure';
  }
}

/** Every refusal of a field names the field, what was expected, and what came. */
const REFUSED_FIELD = /^[\w.]+: expected .+, got /s;

/** Translates any error of the SDK; `subject` is what the request was about, as the beginning of its sentence. */
export function toRequestFailure(error: unknown, subject: string): RequestFailure {
  if (error instanceof RequestFailure) return error;
  if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError) return workflowFailure(error, subject);
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new RequestFailure('AlreadyExists', `${subject} exists already`, { cause: error });
  }
  if (error instanceof WorkflowNotFoundError)
    return new RequestFailure('NotFound', `${subject} does not exist, or has ended`, { cause: error });
  if (isToAskAgain(error)) return new RequestFailure('Unavailable', `${subject}: ${(error as Error).message}`, { cause: error });
  if (error instanceof QueryNotRegisteredError) return queryFailure(error, subject);
  if (error instanceof QueryRejectedError) return new RequestFailure('NotFound', `${subject} has ended`, { cause: error });
  const sentence = serverSentence(error);
  if (sentence !== null) return new RequestFailure('Unavailable', `${subject}: ${sentence}`, { cause: error });
  return new RequestFailure('Failed', `${subject}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

/** The SDK has one class for everything that a query's handler throws, and for a handler that does not exist; the sentence differs. */
function queryFailure(error: QueryNotRegisteredError, subject: string): RequestFailure {
  const { message } = error;
  const isMissing = message.startsWith(NO_SUCH_BUILD) || message.includes('did not register a handler');
  if (isMissing) return new RequestFailure('NotFound', message, { cause: error });
  if (REFUSED_FIELD.test(message)) return new RequestFailure('InvalidRequest', message, { cause: error });
  return new RequestFailure('Failed', `${subject}: ${message}`, { cause: error });
}

/** Runs a request and translates its failure. */
export async function requesting<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toRequestFailure(error, subject);
  }
}

/** The error of gRPC, which the SDK wraps once for most calls; null for every other error. */
export function serverError(error: unknown): ServerError | null {
  const inner = isGrpcServiceError(error) ? error : error instanceof Error ? error.cause : undefined;
  return isGrpcServiceError(inner) ? inner : null;
}

/** An error of gRPC. */
interface ServerError {
  code: number;
  details: string;
  message: string;
}

function workflowFailure(error: WorkflowUpdateFailedError | WorkflowFailedError, subject: string): RequestFailure {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure))
    return new RequestFailure('Failed', `${subject}: ${cause?.message ?? error.message}`, { cause: error });
  if (isRefusal(cause.type)) return new RequestFailure(cause.type, cause.message, { cause: error });
  // A type that a newer worker has, or the class of an exception.
  return new RequestFailure('Failed', cause.type ? `${cause.type}: ${cause.message}` : cause.message, { cause: error });
}

function isRefusal(type: string | null | undefined): type is FinalType | TemporaryType {
  return [...FINAL_TYPES, ...TEMPORARY_TYPES].some((known) => known === type);
}

/** The server's own words, where the failure is the server's. */
function serverSentence(error: unknown): string | null {
  const inner = serverError(error);
  if (inner === null) return null;
  const isUnanswered = inner.code === DEADLINE_EXCEEDED || inner.code === CANCELLED;
  return isUnanswered
    ? 'no answer in time; does a worker run on this namespace?'
    : `Temporal answered: ${inner.details || inner.message}`;
}

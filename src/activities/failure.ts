import { ApplicationFailure } from '@temporalio/common';
import { RuntimeFailure } from '../runtimes/failure';
import { TEMPORARY_TYPES } from '../runtimes/failure-types';

/**
 * A runtime's failure as Temporal knows it: final types are not retried, temporary ones are, and what is not of the closed list
 * (a fault of ours) is retried too, since a newer worker may not have it. Details are kept in histories: no secret may be in them.
 */
export function toApplicationFailure(error: unknown, details: Record<string, unknown> = {}): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (!(error instanceof RuntimeFailure)) {
    const message = error instanceof Error ? error.message : String(error);
    return ApplicationFailure.create({ type: 'RuntimeUnavailable', message, details: [details], nonRetryable: false });
  }
  const { type, message } = error;
  const own = typeof error.details === 'object' && error.details !== null ? error.details : {};
  const nonRetryable = !(TEMPORARY_TYPES as readonly string[]).includes(type);
  return ApplicationFailure.create({ type, message, details: [{ ...details, ...own }], nonRetryable });
}

/** Runs work whose failures need no more than the translation. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toApplicationFailure(error);
  }
}

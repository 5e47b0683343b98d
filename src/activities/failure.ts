import { ApplicationFailure } from '@temporalio/common';
import { TEMPORARY_TYPES } from '../contract/failure-types';
import { cutText, MESSAGE_LIMIT, NAME_LIMIT } from '../contract/text-limit';
import { RuntimeFailure } from '../runtimes/failure';

/**
 * A runtime's failure as Temporal knows it: final types are not retried, temporary ones are, and what is not of the closed list
 * (a fault of ours) is retried too, since a newer worker may not have it. It is kept in histories: its message is cut, it brings
 * neither a cause nor another's stack, and of details it has only numbers and flags that are known.
 */
export function toApplicationFailure(error: unknown, details: Record<string, unknown> = {}): ApplicationFailure {
  if (error instanceof ApplicationFailure) return cutFailure(error, details);
  if (!(error instanceof RuntimeFailure)) {
    const message = error instanceof Error ? error.message : String(error);
    return create({ type: 'RuntimeUnavailable', message, details: [details], nonRetryable: false });
  }
  const { type, message } = error;
  const nonRetryable = !(TEMPORARY_TYPES as readonly string[]).includes(type);
  return create({ type, message, details: [{ ...details, ...knownDetails(error.details) }], nonRetryable });
}

/** Runs work whose failures need no more than the translation. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toApplicationFailure(error);
  }
}

function cutFailure(failure: ApplicationFailure, more: Record<string, unknown>): ApplicationFailure {
  const { type, message, nonRetryable, details, nextRetryDelay } = failure;
  return create({
    type: cutText(type ?? 'RuntimeUnavailable', NAME_LIMIT),
    message,
    details: [{ ...more, ...knownDetails(details?.[0]) }],
    nonRetryable: nonRetryable === true,
    ...(nextRetryDelay === undefined || nextRetryDelay === null ? {} : { nextRetryDelay }),
  });
}

function create(options: Parameters<typeof ApplicationFailure.create>[0] & { message: string }): ApplicationFailure {
  return ApplicationFailure.create({ ...options, message: cutText(options.message, MESSAGE_LIMIT) });
}

/** What `BuildFailureDetails` names, and nothing else of what a runtime gave. */
function knownDetails(given: unknown): Record<string, unknown> {
  if (typeof given !== 'object' || given === null) return {};
  const known = Object.entries(given).filter(
    ([key, value]) =>
      (['tookMs', 'attempt', 'found'].includes(key) && typeof value === 'number' && Number.isFinite(value)) ||
      (key === 'counted' && typeof value === 'boolean'),
  );
  return Object.fromEntries(known);
}

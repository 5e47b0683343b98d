import { ApplicationFailure } from '@temporalio/common';
import { type FailureType, TEMPORARY_TYPES } from '../contract/failure-types';
import { cutText, MESSAGE_LIMIT, NAME_LIMIT } from '../contract/text-limit';
import { RuntimeFailure } from '../runtimes/failure';

/**
 * Translates a runtime's failure for Temporal. Final types are not retried. Temporary types are, and so is an unexpected error, since a
 * newer worker may not have it. Histories keep the failure: its message is cut, it has no cause and no stack of another error, and its
 * details are known numbers and flags only.
 */
export function toApplicationFailure(error: unknown, details: Record<string, unknown> = {}): ApplicationFailure {
  if (error instanceof ApplicationFailure) return cutFailure(error, details);
  if (!(error instanceof RuntimeFailure)) {
    const message = error instanceof Error ? error.message : String(error);
    return create({ type: 'RuntimeUnavailable', message, details: [details], nonRetryable: false });
  }
  const { type, message } = error;
  const nonRetryable = !isTemporary(type);
  return create({ type, message, details: [{ ...details, ...knownDetails(error.details) }], nonRetryable });
}

/** Runs work and translates its failure. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toApplicationFailure(error);
  }
}

/**
 * Runs work that is retried until it is done: every failure of the runtime becomes a temporary one, except the final types. A refusal
 * does not make a clean-up unnecessary; it is retried until an administrator allows it, since an abandoned pod or home would be forgotten.
 */
export async function retriedUnless<T>(finalTypes: FailureType[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RuntimeFailure) || finalTypes.includes(error.type) || isTemporary(error.type)) throw error;
    throw new RuntimeFailure('RuntimeUnavailable', error.message, { cause: error });
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

/** The fields of `BuildFailureDetails`; any other detail of the runtime is dropped. */
function knownDetails(details: unknown): Record<string, unknown> {
  if (typeof details !== 'object' || details === null) return {};
  const known = Object.entries(details).filter(
    ([key, value]) =>
      (['tookMs', 'attempt', 'found'].includes(key) && typeof value === 'number' && Number.isFinite(value)) ||
      (['counted', 'home'].includes(key) && typeof value === 'boolean'),
  );
  return Object.fromEntries(known);
}

function isTemporary(type: FailureType): boolean {
  return (TEMPORARY_TYPES as readonly string[]).includes(type);
}

import { ApplicationFailure } from '@temporalio/workflow';
import { Refusal } from './refusal';

/** Runs the work and turns its Refusal into the failure that the caller receives: non-retryable, of a type of docs/failures.md. */
export function refusalToFailure<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw ApplicationFailure.create({ type: error.type, message: error.message, nonRetryable: true });
  }
}

import { ApplicationFailure } from '@temporalio/workflow';
import { Refusal } from './refusal';

/** A refusal as the caller sees it: a non-retryable failure of a type of the closed list. */
export function refusalToFailure<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw ApplicationFailure.create({ type: error.type, message: error.message, nonRetryable: true });
  }
}

/** What a workflow checks at its creation that only an activity can tell. */
import { ActivityFailure, ApplicationFailure, log } from '@temporalio/workflow';
import { local } from '../activity-options';

/** Passes an activity's own typed failure on as the workflow's, without the wrapping. */
export async function ownFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : undefined;
    if (cause instanceof ApplicationFailure)
      throw ApplicationFailure.create({ type: cause.type ?? 'RuntimeUnavailable', message: cause.message, nonRetryable: true });
    throw error;
  }
}

/**
 * A zone that could not be checked in time is taken: a plan that then comes to nothing says so and holds nobody up.
 * @throws InvalidRequest for a zone that nobody can compute with
 */
export async function checkTimeZone(timeZone: string): Promise<void> {
  try {
    await ownFailure(() => local.checkTimeZone({ field: 'autoStart.timeZone', timeZone }));
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('the time zone could not be checked', { error });
  }
}

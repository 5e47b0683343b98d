/** Checks at the creation of a workflow that need an activity. */
import { ActivityFailure, ApplicationFailure, log } from '@temporalio/workflow';
import { localActivities } from '../activity-options';

/** Fails the workflow with an activity's typed failure itself, without the ActivityFailure around it. */
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
 * Checks a time zone. A zone that could not be checked in time is accepted: if it is wrong, the plan shows that later and blocks nothing.
 * @throws InvalidRequest for a zone that cannot be computed with
 */
export async function checkTimeZone(timeZone: string): Promise<void> {
  try {
    await ownFailure(() => localActivities.checkTimeZone({ field: 'autoStart.timeZone', timeZone }));
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('time zone: check failed', { timeZone, error });
  }
}

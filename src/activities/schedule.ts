/** Zone arithmetic for workflows, run as local activities: the result is recorded, so newer zone data cannot change a replay. */
import { ApplicationFailure } from '@temporalio/common';
import { cutText, MESSAGE_LIMIT } from '../contract/text-limit';
import { isTimeZone } from '../contract/time-zone';
import { nextOccurrence, type Occurrence, type Schedule } from './occurrences';

/** The next start; null when the weekdays never allow one; a sentence when it cannot be computed. */
export type Plan = Occurrence | { because: string } | null;

/** The local activities `nextOccurrence` and `checkTimeZone`. */
export function scheduleActivities() {
  return {
    /** Never fails: a schedule with a zone that this machine does not know must not block its workspace. */
    async nextOccurrence(input: { schedule: Schedule; after: number }): Promise<Plan> {
      try {
        return nextOccurrence(input.schedule, input.after);
      } catch (error) {
        return { because: cutText(error instanceof Error ? error.message : String(error), MESSAGE_LIMIT) };
      }
    },

    /** Fails with `InvalidRequest` for a zone that cannot be computed with. */
    async checkTimeZone({ field, timeZone }: { field: string; timeZone: string }): Promise<void> {
      if (isTimeZone(timeZone)) return;
      const message = `${field}: expected an IANA time zone such as Europe/Berlin, got ${JSON.stringify(timeZone)}`;
      throw ApplicationFailure.create({ type: 'InvalidRequest', message: cutText(message, MESSAGE_LIMIT), nonRetryable: true });
    },
  };
}

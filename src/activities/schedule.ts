/** Zone arithmetic for workflows, run as local activities: its result is recorded, so newer zone data cannot change a replay. */
import { ApplicationFailure } from '@temporalio/common';
import { isTimeZone, nextOccurrence, type Occurrence, type Schedule } from './occurrences';

export function scheduleActivities() {
  return {
    async nextOccurrence(input: { schedule: Schedule; after: number }): Promise<Occurrence | null> {
      await checkTimeZone({ field: 'autoStart.timeZone', timeZone: input.schedule.timeZone });
      return nextOccurrence(input.schedule, input.after);
    },
    checkTimeZone,
  };
}

async function checkTimeZone({ field, timeZone }: { field: string; timeZone: string }): Promise<void> {
  if (isTimeZone(timeZone)) return;
  const message = `${field}: expected an IANA time zone such as Europe/Berlin, got ${JSON.stringify(timeZone)}`;
  throw ApplicationFailure.create({ type: 'InvalidRequest', message, nonRetryable: true });
}

// The package's main entry returns the engine's own Temporal if there is one; this entry is the same code on every Node.
import { Temporal } from 'temporal-polyfill/implementation';
import { WEEKDAYS, type Weekday } from '../contract/payloads';
import { isTimeZone } from '../contract/time-zone';

/** A time of day on some weekdays of one zone, restricted by the organization. */
export interface Schedule {
  /** `HH:MM`, from `00:00` to `23:59`. */
  time: string;
  /** The IANA name of the user's zone. */
  timeZone: string;
  /** The user's own filter, judged by the date in `timeZone`. */
  weekdays: Weekday[];
  /** Null for `timeZone` means that the organization's weekdays are judged in the user's own zone. */
  organization?: { weekdays: Weekday[]; timeZone: string | null };
}

/** One start. `date` is the local date it serves, `YYYY-MM-DD`; `at` is the instant in epoch milliseconds. */
export interface Occurrence {
  date: string;
  at: number;
}

/**
 * Weekday filters that only match while two zones are out of step still match once a year: at a clock change, or during Ramadan in
 * Morocco. After more than two years without a start there will be none.
 */
const SEARCH_DAYS = 800;

/**
 * The first start strictly after the instant `after` (epoch milliseconds), or null when the weekdays never allow one.
 * Throws a RangeError for a schedule that is not valid.
 */
export function nextOccurrence(schedule: Schedule, after: number): Occurrence | null {
  refuseInvalid(schedule);
  const today = Temporal.Instant.fromEpochMilliseconds(Math.floor(after)).toZonedDateTimeISO(schedule.timeZone).toPlainDate();
  // Before a start the zone's clock has not yet reached the time set, so no later start has a date before today.
  for (let days = 0; days < SEARCH_DAYS; days++) {
    const occurrence = occurrenceOn(schedule, today.add({ days }));
    if (occurrence && occurrence.at > after) return occurrence;
  }
  return null;
}

/**
 * The starts of `days` calendar dates, the first of them `from` (`YYYY-MM-DD`). A date that the zone skipped, or that the
 * weekdays leave out, counts as a date and gives nothing. Throws a RangeError for a schedule or date that is not valid.
 */
export function occurrencesBetweenDates(schedule: Schedule, from: string, days: number): Occurrence[] {
  refuseInvalid(schedule);
  const first = Temporal.PlainDate.from(from);
  return Array.from({ length: days }, (_, index) => occurrenceOn(schedule, first.add({ days: index }))).filter(
    (occurrence) => occurrence !== null,
  );
}

/** Whether the text is a time of day, `HH:MM` with two digits each, from `00:00` to `23:59`. */
export function isTimeOfDay(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
}

function refuseInvalid({ time, timeZone, organization }: Schedule): void {
  if (!isTimeOfDay(time)) throw new RangeError(`time must be HH:MM from 00:00 to 23:59, not ${JSON.stringify(time)}`);
  for (const zone of [timeZone, organization?.timeZone ?? timeZone]) {
    if (!isTimeZone(zone)) throw new RangeError(`timeZone must be the name of an IANA zone, not ${JSON.stringify(zone)}`);
  }
}

function occurrenceOn(schedule: Schedule, date: Temporal.PlainDate): Occurrence | null {
  // Zone lookups are slow, so the weekday filters come first.
  if (!allowsDate(schedule, date)) return null;
  const start = startOn(date, schedule);
  if (!start || !allowsInstant(schedule, start)) return null;
  return { date: date.toString(), at: start.epochMilliseconds };
}

function allowsDate(schedule: Schedule, date: Temporal.PlainDate): boolean {
  const { weekdays, organization } = schedule;
  if (!includesWeekday(weekdays, date)) return false;
  if (!organization) return true;
  if (otherZone(schedule)) return organization.weekdays.length > 0;
  return includesWeekday(organization.weekdays, date);
}

function includesWeekday(weekdays: Weekday[], date: Temporal.PlainDate): boolean {
  return weekdays.some((weekday) => WEEKDAYS.indexOf(weekday) + 1 === date.dayOfWeek);
}

/** In another zone the organization may have another date at that instant; in the user's zone the date itself is judged. */
function allowsInstant(schedule: Schedule, start: Temporal.ZonedDateTime): boolean {
  const zone = otherZone(schedule);
  if (!schedule.organization || !zone) return true;
  return includesWeekday(schedule.organization.weekdays, start.withTimeZone(zone).toPlainDate());
}

function otherZone({ timeZone, organization }: Schedule): string | null {
  return organization?.timeZone && organization.timeZone !== timeZone ? organization.timeZone : null;
}

/**
 * The one start of a date, or null for a date that the zone skipped whole. When a gap runs over midnight and swallows the time
 * set, the first instant after it is on the next date; it still is the start of the date it was set for, since that date
 * exists and has no other. Starts of successive dates stay in order, because no gap is longer than a day.
 */
function startOn(date: Temporal.PlainDate, { time, timeZone }: Schedule): Temporal.ZonedDateTime | null {
  const set = date.toPlainDateTime(time);
  // In a gap "earlier" counts back by the gap's length, so it lands before the gap and shows another time than the one set.
  const start = set.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  if (start.toPlainDateTime().equals(set)) return start;
  const isSkippedWhole = !date.toZonedDateTime(timeZone).toPlainDate().equals(date);
  return isSkippedWhole ? null : start.getTimeZoneTransition('next');
}

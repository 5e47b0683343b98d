import { Command, type ErrorOptions, InvalidArgumentError, Option } from 'commander';
import { Temporal } from 'temporal-polyfill/implementation';
import { isTimeOfDay, type Occurrence, occurrencesBetweenDates } from '../../activities/occurrences';
import { WEEKDAYS, type Weekday } from '../../contract/payloads';
import { isTimeZone } from '../../contract/time-zone';

interface ScheduleOptions {
  time: string;
  timeZone: string;
  weekdays: Weekday[];
  from: string;
  days: number;
  json?: true;
}

/** Ten years of dates: enough for any question, and printed within a second. */
const MAX_DAYS = 3660;

/** `perennial schedule`: prints the starts that auto-start would make, by the workspaces' own code and without a server. */
export function scheduleCommand(): Command {
  return new ScheduleCommand('schedule')
    .requiredOption('--time <HH:MM>', 'time of day of the start', parseTime)
    .requiredOption('--time-zone <zone>', 'IANA zone of the time, such as Europe/Berlin', parseTimeZone)
    .addOption(weekdaysOption())
    .requiredOption('--from <YYYY-MM-DD>', 'first calendar date', parseDate)
    .requiredOption('--days <number>', `calendar dates to look at, 1 to ${MAX_DAYS}`, parseDays)
    .option('--json', 'print [{ "date", "at" }], with "at" in UTC')
    .action(printStarts);
}

/** Wrong usage exits with 2 in every `perennial` command, where commander alone would exit with 1. */
class ScheduleCommand extends Command {
  override error(message: string, options?: ErrorOptions): never {
    return super.error(message, { ...options, exitCode: 2 });
  }
}

/** An option of its own, so that help says "all" and not the whole list. */
function weekdaysOption(): Option {
  return new Option('--weekdays <list>', 'weekdays with a start, such as mon,tue')
    .default([...WEEKDAYS], 'all')
    .argParser(parseWeekdays);
}

function parseTime(text: string): string {
  if (!isTimeOfDay(text)) throw new InvalidArgumentError('Expected a time of day from 00:00 to 23:59, as HH:MM.');
  return text;
}

function parseTimeZone(text: string): string {
  if (!isTimeZone(text)) throw new InvalidArgumentError('Expected the name of an IANA zone, such as Europe/Berlin.');
  return text;
}

function parseWeekdays(text: string): Weekday[] {
  // Filtering the known names puts them into calendar order and drops what was named twice.
  const names = text.split(',');
  const weekdays = WEEKDAYS.filter((weekday) => names.includes(weekday));
  const isKnown = names.every((name) => weekdays.some((weekday) => weekday === name));
  if (!isKnown) throw new InvalidArgumentError(`Expected some of ${WEEKDAYS.join(',')}, with commas between them.`);
  return weekdays;
}

function parseDate(text: string): string {
  const expected = new InvalidArgumentError('Expected a date of the calendar, as YYYY-MM-DD.');
  // Parsing alone would also take a date with a time, a zone, or a calendar behind it.
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) throw expected;
  try {
    return Temporal.PlainDate.from(text).toString();
  } catch {
    throw expected;
  }
}

function parseDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > MAX_DAYS) throw new InvalidArgumentError(`Expected a whole number from 1 to ${MAX_DAYS}.`);
  return days;
}

function printStarts({ time, timeZone, weekdays, from, days, json }: ScheduleOptions, command: Command): void {
  const starts = occurrencesBetweenDates({ time, timeZone, weekdays }, from, days);
  const text = json ? formatJson(starts) : formatLines(starts, timeZone);
  // Through the command's own output, so that the embedding program decides where it goes.
  command.configureOutput().writeOut?.(`${text}\n`);
}

function formatJson(starts: Occurrence[]): string {
  return JSON.stringify(
    starts.map(({ date, at }) => ({ date, at: new Date(at).toISOString() })),
    null,
    2,
  );
}

function formatLines(starts: Occurrence[], timeZone: string): string {
  if (starts.length === 0) return 'No start on these dates.';
  return starts.map((start) => formatLine(start, timeZone)).join('\n');
}

/** The local time shows its own date, since a gap over midnight moves a start into the next one. */
function formatLine({ date, at }: Occurrence, timeZone: string): string {
  const weekday = WEEKDAYS[Temporal.PlainDate.from(date).dayOfWeek - 1];
  const local = Temporal.Instant.fromEpochMilliseconds(at).toString({ timeZone, smallestUnit: 'minute' });
  return `${date}  ${weekday}  ${local}  ${new Date(at).toISOString()}`;
}

import fc from 'fast-check';
import {
  isTimeOfDay,
  nextOccurrence,
  type Occurrence,
  occurrencesBetweenDates,
  type Schedule,
} from '../../src/activities/occurrences';
import { WEEKDAYS, type Weekday } from '../../src/contract/payloads';
import { isTimeZone } from '../../src/contract/time-zone';
import { HARD_DAYS } from '../support/hard-days';

interface Range {
  schedule: Schedule;
  from: string;
  days: number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const HARD_ZONES = [...new Set(HARD_DAYS.map(([zone]) => zone)), 'America/Scoresbysund', 'Asia/Gaza', 'America/Godthab', 'UTC'];

test.each(HARD_DAYS)('In %s on %s the time %s gives %s, since it %s.', (timeZone, date, time, expected) => {
  const starts = expected === null ? [] : [{ date, at: Date.parse(expected) }];
  expect(occurrencesBetweenDates(daily(time, timeZone), date, 1)).toEqual(starts);
});

test('Every local date that exists has exactly one start, at the time set or at the first instant after the gap.', () => {
  fc.assert(
    fc.property(hardRanges(), ({ schedule, from, days }) => {
      expect(occurrencesBetweenDates(schedule, from, days)).toEqual(scanMinutes({ schedule, from, days }));
    }),
    { numRuns: 150 },
  );
});

test('Walking from one start to the next gives exactly the starts between the dates, in strictly rising order.', () => {
  const weekdays = fc.subarray([...WEEKDAYS], { minLength: 1 });
  fc.assert(
    fc.property(hardRanges(), fc.integer({ min: 8, max: 400 }), weekdays, (range, days, filter) => {
      const schedule = { ...range.schedule, weekdays: filter };
      const starts = occurrencesBetweenDates(schedule, range.from, days);
      const [first] = starts;
      const walked = walk({ schedule, after: first ? first.at - 1 : 0, count: starts.length });
      expect(walked).toEqual(starts);
      expect(walked.every(({ at }, index) => index === 0 || at > (walked[index - 1]?.at ?? at))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('From any instant the next start is the earliest later start.', () => {
  const offsetsMs = fc.oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }));
  fc.assert(
    fc.property(hardRanges(), offsetsMs, ({ schedule, from }, offsetMs) => {
      const starts = occurrencesBetweenDates(schedule, isoDate(Date.parse(from) - 4 * DAY_MS), 12);
      const after = (starts[4]?.at ?? 0) + offsetMs;
      expect(nextOccurrence(schedule, after)).toEqual(starts.find(({ at }) => at > after));
    }),
    { numRuns: 300 },
  );
});

test('The weekday filter keeps the starts of its weekdays and no other, and does not extend the range.', () => {
  fc.assert(
    fc.property(hardRanges(), fc.subarray([...WEEKDAYS]), (range, weekdays) => {
      const all = occurrencesBetweenDates(range.schedule, range.from, 30);
      const kept = all.filter(({ date }) => isOn(weekdays, { timeZone: 'UTC', instant: Date.parse(date) }));
      expect(occurrencesBetweenDates({ ...range.schedule, weekdays }, range.from, 30)).toEqual(kept);
    }),
  );
});

test('The weekdays of an organization with a zone of its own are judged there, at the instant of the start.', () => {
  fc.assert(
    fc.property(hardRanges(), fc.subarray([...WEEKDAYS]), fc.constantFrom(...HARD_ZONES), (range, weekdays, timeZone) => {
      fc.pre(timeZone !== range.schedule.timeZone);
      const kept = occurrencesBetweenDates(range.schedule, range.from, 30).filter(({ at }) =>
        isOn(weekdays, { timeZone, instant: at }),
      );
      const schedule = { ...range.schedule, organization: { weekdays, timeZone } };
      expect(occurrencesBetweenDates(schedule, range.from, 30)).toEqual(kept);
    }),
  );
});

test.each([null, 'America/Nuuk'])(
  'An organization with the zone %s has its weekdays judged by the date in the zone of the user.',
  (timeZone) => {
    const schedule = daily('23:30', 'America/Nuuk');
    const saturdays = { ...schedule, organization: { weekdays: ['sat' as const], timeZone } };
    expect(occurrencesBetweenDates(saturdays, '2024-03-29', 3)).toEqual([
      { date: '2024-03-30', at: Date.parse('2024-03-31T01:00Z') },
    ]);
  },
);

test('Filters that never meet give no start.', () => {
  const schedule = daily('08:30', 'Europe/Berlin');
  const mondays: Schedule = { ...schedule, weekdays: ['mon'] };
  expect(nextOccurrence({ ...schedule, weekdays: [] }, 0)).toBeNull();
  expect(nextOccurrence({ ...schedule, organization: { weekdays: [], timeZone: 'Asia/Tokyo' } }, 0)).toBeNull();
  expect(nextOccurrence({ ...mondays, organization: { weekdays: ['tue'], timeZone: null } }, 0)).toBeNull();
  expect(nextOccurrence({ ...mondays, organization: { weekdays: ['thu'], timeZone: 'Asia/Tokyo' } }, 0)).toBeNull();
});

test('Filters that meet only in the weeks between two clock changes are found months ahead.', () => {
  const sundays: Schedule = { ...daily('18:30', 'America/New_York'), weekdays: ['sun'] };
  const schedule: Schedule = { ...sundays, organization: { weekdays: ['sun'], timeZone: 'Europe/Berlin' } };
  const expected = { date: '2025-03-09', at: Date.parse('2025-03-09T22:30Z') };
  expect(nextOccurrence(schedule, Date.parse('2024-11-10T00:00Z'))).toEqual(expected);
});

test('An invalid schedule is refused with a sentence that names the field.', () => {
  expect(() => nextOccurrence(daily('24:00', 'UTC'), 0)).toThrow(
    new RangeError('time must be HH:MM from 00:00 to 23:59, not "24:00"'),
  );
  expect(() => nextOccurrence(daily('08:30', '+02:00'), 0)).toThrow(/^timeZone must be the name of an IANA zone, not "\+02:00"$/);
  expect(() => occurrencesBetweenDates(daily('08:30', 'UTC'), '2027-02-29', 1)).toThrow(RangeError);
});

test('Zones are known by their IANA names alone, and every one of them can be computed with.', () => {
  const names = [
    ...Intl.supportedValuesOf('timeZone'),
    'UTC',
    'US/Pacific',
    'europe/berlin',
    'Etc/GMT+3',
    'EST5EDT',
    'Asia/Calcutta',
  ];
  expect(names.filter((name) => !isTimeZone(name) || !nextOccurrence(daily('08:30', name), 0))).toEqual([]);
  const wrong = ['', ' ', '+02:00', '-08', '02:00', 'Z', ' UTC', 'Europe/Berlin\n', 'Mars/Base', '2024-01-01T00:00Z', 'UTC+2'];
  expect(wrong.filter(isTimeZone)).toEqual([]);
});

test('Times of day have two digits for hours and minutes, and stay below 24:00.', () => {
  expect(['00:00', '08:30', '23:59'].every(isTimeOfDay)).toBe(true);
  expect(['24:00', '8:30', '08:60', '08:30:00', '', '08:30\n', ' 08:30'].filter(isTimeOfDay)).toEqual([]);
});

function daily(time: string, timeZone: string): Schedule {
  return { time, timeZone, weekdays: [...WEEKDAYS] };
}

/** A few dates around one clock change of a random year and zone, and a time that is likely to be touched by it. */
function hardRanges(): fc.Arbitrary<Range> {
  const zones = fc.oneof(fc.constantFrom(...HARD_ZONES), fc.constantFrom(...Intl.supportedValuesOf('timeZone')));
  const hours = fc.oneof(fc.constantFrom(22, 23, 0, 1, 2, 3), fc.integer({ min: 0, max: 23 }));
  const minutes = fc.oneof(fc.constantFrom(0, 30, 59), fc.integer({ min: 0, max: 59 }));
  return fc
    .record({
      timeZone: zones,
      year: fc.integer({ min: 1973, max: 2037 }),
      pick: fc.nat(),
      hours,
      minutes,
      days: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ timeZone, year, pick, hours, minutes, days }) => {
      const changes = findClockChanges(timeZone, year);
      const change = changes[pick % changes.length] ?? Date.UTC(year, 0, 1 + (pick % 365));
      const time = `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
      return { schedule: daily(time, timeZone), from: isoDate(change - (pick % days) * DAY_MS), days };
    });
}

/** The days (UTC midnights) in which the zone's distance from UTC changes. */
function findClockChanges(timeZone: string, year: number): number[] {
  const localTime = clockIn(timeZone);
  const days = Array.from({ length: 366 }, (_, index) => Date.UTC(year, 0, 1 + index));
  return days.filter((day) => localTime(day).slice(11) !== localTime(day + DAY_MS).slice(11));
}

/**
 * The oracle: reads the zone's clock minute by minute. The start of a date is the first minute at which the clock shows the
 * time set or, having jumped, more; a date that the clock never shows has none.
 */
function scanMinutes({ schedule, from, days }: Range): Occurrence[] {
  const { time, timeZone } = schedule;
  const localTime = clockIn(timeZone);
  const begin = Date.parse(from) - 2 * DAY_MS;
  const clock = Array.from({ length: (days + 4) * 1440 }, (_, index) => localTime(begin + index * MINUTE_MS));
  const dates = Array.from({ length: days }, (_, index) => isoDate(Date.parse(from) + index * DAY_MS));
  return dates
    .filter((date) => clock.some((reading) => reading.startsWith(date)))
    .map((date) => ({ date, at: begin + clock.findIndex((reading) => reading >= `${date} ${time}`) * MINUTE_MS }));
}

/** Reads the zone's clock as `YYYY-MM-DD HH:MM`, which sorts as text. */
function clockIn(timeZone: string): (instant: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  return (instant) => format.format(instant);
}

function walk({ schedule, after, count }: { schedule: Schedule; after: number; count: number }): Occurrence[] {
  const starts: Occurrence[] = [];
  for (let last = after; starts.length < count; ) {
    const next = nextOccurrence(schedule, last);
    if (!next) break;
    starts.push(next);
    last = next.at;
  }
  return starts;
}

function isOn(weekdays: Weekday[], { timeZone, instant }: { timeZone: string; instant: number }): boolean {
  const name = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short' }).format(instant).toLowerCase();
  return weekdays.some((weekday) => weekday === name);
}

function isoDate(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

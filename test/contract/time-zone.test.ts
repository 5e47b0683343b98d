/** The zones that are accepted are exactly those that the next start can be computed in. */
import fc from 'fast-check';
import { nextOccurrence, type Schedule } from '../../src/activities/occurrences';
import { scheduleActivities } from '../../src/activities/schedule';
import { WEEKDAYS } from '../../src/contract/payloads';
import { isTimeZone } from '../../src/contract/time-zone';
import { quietEnvironment } from '../support/fake-client';

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const ABBREVIATIONS = LETTERS.flatMap((a) => LETTERS.flatMap((b) => LETTERS.map((c) => a + b + c)));
/** Names that the tz database has only as links, or outside every region. */
const LINKS =
  'UTC GMT GMT0 GMT+0 Etc/GMT+3 Etc/UCT EST MST HST EST5EDT PST8PDT CET MET EET WET GB NZ NZ-CHAT PRC ROC ROK UCT Zulu Cuba Eire Iran Israel Japan Navajo Poland W-SU US/Pacific US/East-Indiana Asia/Calcutta Asia/Kolkata Canada/Yukon Brazil/East America/Argentina/ComodRivadavia America/Port-au-Prince Europe/Kyiv'.split(
    ' ',
  );
const KNOWN = [...new Set([...Intl.supportedValuesOf('timeZone'), ...LINKS])];

test('Every name and link of the tz database is accepted, and has a next start.', () => {
  expect(KNOWN.filter((name) => !isTimeZone(name) || nextStart(name) === null)).toEqual([]);
});

test('Only those abbreviations of three letters are accepted that the tz database has, and each has a next start.', () => {
  const accepted = ABBREVIATIONS.filter(isTimeZone);
  expect(accepted).toEqual(['CET', 'EET', 'EST', 'GMT', 'HST', 'MET', 'MST', 'PRC', 'ROC', 'ROK', 'UCT', 'UTC', 'WET']);
  expect(accepted.filter((name) => nextStart(name) === null)).toEqual([]);
  expect(['IST', 'PST', 'CST', 'ist', 'Pst', 'cST', 'JST', 'BST'].filter(isTimeZone)).toEqual([]);
});

test('A name in any case, with any text mixed in, is accepted if and only if it has a next start.', () => {
  const flips = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
  const withCase = fc
    .tuple(fc.constantFrom(...KNOWN, ...ABBREVIATIONS), flips)
    .map(([name, isUpper]) => [...name].map((it, at) => (isUpper[at] ? it.toUpperCase() : it.toLowerCase())).join(''));
  const withMore = fc
    .tuple(withCase, fc.constantFrom('', ' ', '\n', '/', '+1', '\0', 'é', '_'))
    .map(([name, more]) => name + more);
  fc.assert(
    fc.property(fc.oneof(withCase, withMore, fc.string()), (name) => {
      expect(isTimeZone(name)).toBe(nextStart(name) !== null);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['a zone that no library knows', { timeZone: 'IST' }, /"IST"/],
  ["an organization's zone that no library knows", { organization: { weekdays: [...WEEKDAYS], timeZone: 'PST' } }, /"PST"/],
  ['no time', { time: '' }, /time must be HH:MM/],
])('A schedule with %s gives no plan, and a sentence that says why.', async (_, change, because) => {
  const input = { schedule: { ...daily('Europe/Berlin'), ...change }, after: 0 };
  const planned = quietEnvironment().run(() => scheduleActivities().nextOccurrence(input));
  expect(await planned).toEqual({ because: expect.stringMatching(because) });
});

function daily(timeZone: string): Schedule {
  return { time: '08:30', timeZone, weekdays: [...WEEKDAYS] };
}

function nextStart(timeZone: string): number | null {
  try {
    return nextOccurrence(daily(timeZone), 0)?.at ?? null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

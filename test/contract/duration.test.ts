import fc from 'fast-check';
import { durationMs, formatDuration, parseDuration } from '../../src/contract/duration';
import { checkDuration } from '../../src/workflows/input/fields';
import { refusalOf } from '../support/workflows/state-builders';

test.each([
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['4d', 345_600_000],
  ['5ms', 5],
  ['1m5ms', 60_005],
  ['1d2h3m4s5ms', 93_784_005],
  ['0s', 0],
  ['007m', 420_000],
  ['100h', 360_000_000],
])('%s is a duration of %d milliseconds.', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
  expect(durationMs(text)).toBe(ms);
});

test.each([
  '',
  ' ',
  '1',
  'h',
  '1 h',
  '1.5h',
  '-1h',
  '+1h',
  '30m1h',
  '1h1h',
  '1s1m',
  '1ms1s',
  '1w',
  '1H',
  '1hour',
  'PT1H',
  '1h ',
  ' 1h',
  '1h,30m',
  '１h',
  '1h\n',
  'never',
  `${'9'.repeat(30)}d`,
  `${'1'.repeat(61)}s`,
])('%j is no duration.', (text) => {
  expect(parseDuration(text)).toBeNull();
  expect(() => durationMs(text)).toThrow(RangeError);
});

test('A combination of units, largest first, is the sum of them.', () => {
  const counts = fc.tuple(fc.nat(99), fc.nat(999), fc.nat(9_999), fc.nat(9_999), fc.nat(9_999));
  fc.assert(
    fc.property(counts, fc.subarray([0, 1, 2, 3, 4], { minLength: 1 }), (numbers, used) => {
      const units = [
        ['d', 86_400_000],
        ['h', 3_600_000],
        ['m', 60_000],
        ['s', 1_000],
        ['ms', 1],
      ] as const;
      const pairs = units.flatMap(([unit, factor], index) =>
        used.includes(index) ? [{ unit, factor, count: numbers[index] ?? 0 }] : [],
      );
      const text = pairs.map(({ count, unit }) => `${count}${unit}`).join('');
      expect(parseDuration(text)).toBe(pairs.reduce((sum, { count, factor }) => sum + count * factor, 0));
    }),
  );
});

test('A duration survives being written and read, and what is written is of the contract.', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 86_400_000 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
  expect([0, 1, 999, 45_000, 60_005, 5_400_000, 7_200_000, 604_800_000].map(formatDuration)).toEqual([
    '0ms',
    '1ms',
    '999ms',
    '45s',
    '1m5ms',
    '1h30m',
    '2h',
    '7d',
  ]);
});

test('A text of any kind is either a duration or null, never an error.', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9dhms ]{0,20}$/)), (text) => {
      const ms = parseDuration(text);
      expect(ms === null || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
    }),
  );
});

test('A field out of its bounds is refused with a sentence that names the field, the range, and what came.', () => {
  const bounds = { min: 60_000, max: 3_600_000 };
  expect(checkDuration('retention', '1m', bounds)).toBe('1m');
  expect(checkDuration('retention', '60m', bounds)).toBe('60m');
  for (const [value, shown] of [
    ['59s', '"59s"'],
    ['1h1ms', '"1h1ms"'],
    [60_000, '60000'],
    [null, 'null'],
    [undefined, 'nothing'],
  ]) {
    const { type, message } = refusalOf(() => checkDuration('retention', value, bounds));
    expect({ type, message }).toEqual({
      type: 'InvalidRequest',
      message: `retention: expected a duration from 1m to 1h, such as 1h30m, got ${shown}`,
    });
  }
});

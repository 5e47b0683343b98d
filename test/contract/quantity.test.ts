import fc from 'fast-check';
import { formatBytes, formatCpu, parseQuantity, quantity } from '../../src/contract/quantity';

test.each([
  ['500m', 0.5],
  ['1', 1],
  ['0.5', 0.5],
  ['.5', 0.5],
  ['2.', 2],
  ['4Gi', 4 * 2 ** 30],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['512Mi', 2 ** 29],
  ['64Ki', 65_536],
  ['1Ti', 2 ** 40],
  ['1Pi', 2 ** 50],
  ['1Ei', 2 ** 60],
  ['10k', 10_000],
  ['10M', 10_000_000],
  ['10G', 10_000_000_000],
  ['1T', 1e12],
  ['1P', 1e15],
  ['1E', 1e18],
  ['1e3', 1_000],
  ['1E3', 1_000],
  ['12e-1', 1.2],
  ['100u', 0.0001],
  ['100n', 1e-7],
])('The Kubernetes quantity %s stands for %d.', (text, number) => {
  expect(parseQuantity(text)).toBeCloseTo(number, 10);
  expect(quantity(text)).toBeCloseTo(number, 10);
});

test.each([
  '',
  'Gi',
  '1K',
  '1gi',
  '1 Gi',
  '-1',
  '1Gi ',
  '1GiB',
  '1,5',
  '1e',
  '0x10',
  'NaN',
  'Infinity',
  '1e999',
  '.',
  '1'.repeat(41),
])('%j is no quantity.', (text) => {
  expect(parseQuantity(text)).toBeNull();
});

test('Sums of cores are written in whole cores or in thousandths, and mean the same when read.', () => {
  expect([0, 0.25, 1, 1.5, 12].map(formatCpu)).toEqual(['0', '250m', '1', '1500m', '12']);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (milli) => {
      expect(parseQuantity(formatCpu(milli / 1_000))).toBeCloseTo(milli / 1_000, 6);
    }),
  );
});

test('Sums of bytes are written in the largest binary unit without a remainder, and mean the same when read.', () => {
  expect([0, 1_000, 1_024, 2 ** 31, 3 * 2 ** 30, 2.5 * 2 ** 30, 2 ** 40].map(formatBytes)).toEqual([
    '0',
    '1000',
    '1Ki',
    '2Gi',
    '3Gi',
    '2560Mi',
    '1Ti',
  ]);
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      expect(parseQuantity(formatBytes(bytes))).toBe(bytes);
    }),
  );
});

test('A text of any kind is either a number from zero or null, never an error.', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.eEKMGi+-]{0,12}$/)), (text) => {
      const number = parseQuantity(text);
      expect(number === null || number >= 0).toBe(true);
    }),
  );
});

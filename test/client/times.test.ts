import { formatRelative, formatSpan, formatTook } from '../../src/client/pages/times';

const S = 1_000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

test.each([
  [0, '0s'],
  [400, '0s'],
  [45 * S, '45s'],
  [M + 5 * S, '1m 5s'],
  [2 * H - 300, '2h'],
  [H + 5 * M + 29 * S, '1h 5m'],
  [7 * D - 2 * S, '7d'],
  [3 * D + 2 * H + 10 * M, '3d 2h'],
])('A span of %d ms is written as %s.', (spanMs, text) => {
  expect(formatSpan(spanMs)).toBe(text);
});

test('A distance from now says which way it goes.', () => {
  const now = Date.parse('2027-03-01T10:00:00.000Z');
  expect(formatRelative('2027-03-01T11:05:00.000Z', now)).toBe('in 1h 5m');
  expect(formatRelative('2027-03-01T09:58:00.000Z', now)).toBe('2m ago');
  expect(formatRelative('2027-03-01T10:00:00.500Z', now)).toBe('now');
});

test('What has not ended took until now, and what has not begun took nothing.', () => {
  const startedAt = '2027-03-01T10:00:00.000Z';
  expect(formatTook({ startedAt, endedAt: null }, Date.parse(startedAt) + 1_250)).toBe('1.3 s');
  expect(formatTook({ startedAt, endedAt: '2027-03-01T10:02:03.000Z' }, 0)).toBe('2m 3s');
  expect(formatTook({ startedAt: null, endedAt: null }, 0)).toBe('');
});

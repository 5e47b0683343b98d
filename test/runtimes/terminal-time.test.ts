import { latestInputMs } from '../../src/runtimes/terminal-time';

/** What the kernel notes, second by second, while there is input all the time. */
function noted(fromSecond: number, toSecond: number): { second: number; access: number }[] {
  let access = 0;
  return Array.from({ length: toSecond - fromSecond }, (_, at) => {
    const second = fromSecond + at;
    if (Math.floor(second / 8) !== Math.floor(access / 8)) access = second;
    return { second, access };
  });
}

test('The last input is before the latest possible instant, and at most 8 s before.', () => {
  for (const from of [1_764_050_000, 1_764_050_005, 2_147_483_640]) {
    for (const { second, access } of noted(from, from + 40)) {
      const endOfSecondMs = (second + 1) * 1_000;
      expect(latestInputMs(access * 1_000)).toBeGreaterThanOrEqual(endOfSecondMs);
      expect(latestInputMs(access * 1_000)).toBeLessThanOrEqual(endOfSecondMs + 7_000);
    }
  }
});

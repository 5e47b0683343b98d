import { readSettings } from '../../src/worker/settings';

test('The interval of the watch is taken from 100 ms to a minute, and is a second without a setting.', () => {
  expect(readSettings({}).watchIntervalMs).toBe(1_000);
  for (const ms of [100, 15_000, 60_000]) expect(readSettings({ PERENNIAL_WATCH_INTERVAL_MS: `${ms}` }).watchIntervalMs).toBe(ms);
});

test.each(['0', '99', '60001', '1.5', '10s', '-5'])('A watch interval of %s is refused by name, with what came.', (text) => {
  const read = () => readSettings({ PERENNIAL_WATCH_INTERVAL_MS: text });
  expect(read).toThrow(`PERENNIAL_WATCH_INTERVAL_MS: expected a whole number from 100 to 60000, got "${text}"`);
});

test.each([
  ['PERENNIAL_START_SLOTS', 1],
  ['PERENNIAL_CARE_SLOTS', 3],
  ['PERENNIAL_MAX_CACHED_WORKFLOWS', 1],
])('A %s that is none is refused by name, with its bounds from %d on.', (name, least) => {
  const said = new RegExp(`${name}: expected a whole number from ${least} to \\d+, got "0"`);
  expect(() => readSettings({ [name]: '0' })).toThrow(said);
});

test('The first image is starter:1 on the sandbox, what is set on Kubernetes, and none without a setting.', () => {
  expect(readSettings({}).firstImage).toBe('starter:1');
  const kubernetes = { PERENNIAL_RUNTIME: 'kubernetes' };
  expect(readSettings({ ...kubernetes }).firstImage).toBeNull();
  expect(readSettings({ ...kubernetes, PERENNIAL_FIRST_IMAGE: 'registry.example.com/base:1' }).firstImage).toBe(
    'registry.example.com/base:1',
  );
  expect(() => readSettings({ PERENNIAL_FIRST_IMAGE: 'Not One' })).toThrow(
    'PERENNIAL_FIRST_IMAGE: expected an image reference, got "Not One"',
  );
});

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

test('Secrets are kept in files on the sandbox, in Kubernetes on Kubernetes, or where the setting says.', () => {
  const none = { namespace: 'perennial-system', gatewayUrl: null };
  expect(readSettings({}).secrets).toEqual({ store: 'files', ...none });
  expect(readSettings({ PERENNIAL_RUNTIME: 'kubernetes' }).secrets).toEqual({ store: 'kubernetes', ...none });
  const set = { PERENNIAL_RUNTIME: 'kubernetes', PERENNIAL_SECRETS: 'files', PERENNIAL_SECRETS_NAMESPACE: 'keys' };
  expect(readSettings(set).secrets).toEqual({ store: 'files', namespace: 'keys', gatewayUrl: null });
  expect(readSettings({ PERENNIAL_SECRETS: '', PERENNIAL_SECRETS_NAMESPACE: '' }).secrets).toEqual({ store: 'files', ...none });
  expect(() => readSettings({ PERENNIAL_SECRETS: 'vault' })).toThrow(/PERENNIAL_SECRETS: .*got "vault"/);
  expect(() => readSettings({ PERENNIAL_SECRETS_NAMESPACE: 'Keys' })).toThrow(/PERENNIAL_SECRETS_NAMESPACE: expected the name/);
});

test("The gateway's URL is one of http or https, without a path and credentials.", () => {
  const read = (url: string) => readSettings({ PERENNIAL_GATEWAY_URL: url }).secrets.gatewayUrl;
  expect([read('http://127.0.0.1:8080'), read('https://perennial.example.com/'), read('')]).toEqual([
    'http://127.0.0.1:8080',
    'https://perennial.example.com',
    null,
  ]);
  for (const url of [
    'perennial.example.com',
    'ftp://a',
    'https://ada:pw@a.example.com',
    'https://a.example.com/x',
    'https://a/?b',
  ]) {
    expect(() => read(url)).toThrow(`PERENNIAL_GATEWAY_URL: expected an http or https URL, got ${JSON.stringify(url)}`);
  }
});

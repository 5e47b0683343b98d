import { readSettings } from '../../src/gateway/settings';

test.each(['', ' '])('A count whose variable is %j is at its default, as where the variable is absent.', (empty) => {
  const { port, limits } = readSettings({});
  const given = readSettings({ PERENNIAL_GATEWAY_PORT: empty, PERENNIAL_GATEWAY_CALLS_PER_MINUTE: empty });
  expect([given.port, given.limits]).toEqual([port, limits]);
  expect(port).toBe(8_080);
});

test('A port of 0 is any free one, and a count of 0 is refused.', () => {
  expect(readSettings({ PERENNIAL_GATEWAY_PORT: '0' }).port).toBe(0);
  expect(() => readSettings({ PERENNIAL_GATEWAY_CALLS_PER_MINUTE: '0' })).toThrow('PERENNIAL_GATEWAY_CALLS_PER_MINUTE: expected');
});

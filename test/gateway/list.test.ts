import type { TokenSubject } from '../../src/secrets/tokens';
import { fakePerennial, OWNER } from '../support/gateway/fake-perennial';
import { startGateway } from '../support/gateway/gateway-env';
import { until } from '../support/until';

test('Equal lists at the same time are read once, and a third one of the same caller is answered 429.', async () => {
  const perennial = fakePerennial();
  const gateway = await startGateway(perennial.client);
  let answer = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  perennial.meets = () => answered;
  const reader = (name: string): TokenSubject => ({ kind: 'service', name, scopes: ['read'], organizations: ['default'] });
  const subjects: TokenSubject[] = [reader('one'), reader('two'), OWNER].flatMap((subject) => [subject, subject, subject]);
  const lists = () => perennial.asked.filter(([name]) => name === 'list').length;
  let refused = 0;
  try {
    const sent = subjects.map(async (subject) => {
      const { statusCode, headers } = await gateway.server.inject({ url: '/v1/workspaces', headers: await gateway.as(subject) });
      if (statusCode === 429) refused += 1;
      return [statusCode, headers['retry-after']];
    });
    await until('a third list of each caller is refused', () => refused === 3 && lists() === 2);
    answer();
    const statuses = (await Promise.all(sent)).sort();
    expect(statuses).toEqual([...Array(6).fill([200, undefined]), ...Array(3).fill([429, '1'])]);
    expect(lists()).toBe(2);
    expect((await gateway.server.inject({ url: '/v1/workspaces', headers: await gateway.as(OWNER) })).statusCode).toBe(200);
  } finally {
    answer();
    await gateway.close();
  }
});

/** What a caller in a loop may cause. */
import type { TokenSubject } from '../../src/secrets/tokens';
import { fakePerennial, ITSELF, OWNER } from '../support/gateway/fake-perennial';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';

const SERVICE: TokenSubject = { kind: 'service', name: 'ci', scopes: ['ping'], organizations: ['default'] };

let now: number;
let gateway: TestGateway;
const perennial = fakePerennial();
beforeEach(async () => {
  now = Date.now();
  perennial.asked.length = 0;
  gateway = await startGateway(perennial.client, { now: () => now, limits: { pingsPerMinute: 5, servicePingsPerMinute: 50 } });
});
afterEach(() => gateway.close());

async function ping(subject: TokenSubject, count: number): Promise<number[]> {
  const headers = await gateway.as(subject);
  const send = () => gateway.server.inject({ method: 'POST', url: '/v1/workspaces/ada/dev/ping', headers });
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) statuses.push((await send()).statusCode);
  return statuses;
}

const described = () => perennial.asked.filter(([name]) => name === 'describe').length;

test.each([
  ['an owner', OWNER, 50],
  ['a workspace', ITSELF, 5],
  ['a service', SERVICE, 50],
] as const)('Pings of %s have a limit of their own.', async (_, subject, limit) => {
  const statuses = await ping(subject as TokenSubject, limit + 2);
  expect(statuses).toEqual([...Array(limit).fill(202), 429, 429]);
});

test('A refused ping asks Temporal again at most once in a second.', async () => {
  const ended = { ...ITSELF, build: ITSELF.build - 1 };
  expect(await ping(ended, 4)).toEqual(Array(4).fill(401));
  expect(described()).toBe(2);
  now += 1_001;
  expect(await ping(ended, 1)).toEqual([401]);
  expect(described()).toBe(3);
});

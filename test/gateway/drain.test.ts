import { once } from 'node:events';
import { fakePerennial, OWNER } from '../support/gateway/fake-perennial';
import { startGateway } from '../support/gateway/gateway-env';
import { until } from '../support/until';

const URL = '/v1/workspaces/ada/dev';

test('During the drain calls are served, pings are not held, and each answer closes its connection.', async () => {
  const perennial = fakePerennial();
  const gateway = await startGateway(perennial.client);
  await gateway.server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = gateway.server.server.address() as { port: number };
  const headers = await gateway.as(OWNER);
  const send = (method: string, path: string) => fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
  await send('POST', `${URL}/ping`);
  expect(await (await send('POST', `${URL}/ping`)).json()).toEqual({ outcome: 'held' });
  let take = () => {};
  perennial.meets = () => {
    perennial.meets = async () => undefined;
    return new Promise((resolve) => (take = resolve));
  };
  const closed = gateway.close();
  await until('the held ping is under way', () => perennial.asked.filter(([name]) => name === 'ping').length === 2);
  const unknown = await send('GET', '/v2');
  expect([unknown.status, unknown.headers.get('connection'), await unknown.json()]).toEqual([
    404,
    'close',
    { error: { type: 'NotFound', message: expect.any(String) } },
  ]);
  const arrived = once(gateway.server.server, 'request');
  const pinged = send('POST', `${URL}/ping`);
  await arrived;
  take();
  expect(await (await pinged).json()).toEqual({ outcome: 'forwarded' });
  await closed;
});

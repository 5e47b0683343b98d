import { chooseGatewayAddress } from '../../../src/start/process/gateway-address';

const choose = (runtime: 'sandbox' | 'kubernetes', env: NodeJS.ProcessEnv = {}) => {
  const said: string[] = [];
  const address = chooseGatewayAddress({ runtime, port: 8080, env, say: (line) => said.push(line) });
  return address.then((chosen) => ({ ...chosen, said }));
};

test('For sandboxes the gateway listens on this machine alone, and they reach it there.', async () => {
  const url = 'http://127.0.0.1:8080';
  expect(await choose('sandbox')).toEqual({ host: '127.0.0.1', url, urlInside: url, said: [] });
});

test.each([
  ['10.1.2.3', 'http://10.1.2.3:8080', 'http://10.1.2.3:8080'],
  ['fd00::1', 'http://[fd00::1]:8080', 'http://[fd00::1]:8080'],
  ['0.0.0.0', 'http://127.0.0.1:8080', ''],
  ['127.0.0.1', 'http://127.0.0.1:8080', ''],
])(
  'On a cluster with PERENNIAL_GATEWAY_HOST=%s the gateway is at %s, and for workspaces at "%s".',
  async (host, url, urlInside) => {
    expect(await choose('kubernetes', { PERENNIAL_GATEWAY_HOST: host })).toEqual({ host, url, urlInside, said: [] });
  },
);

test('PERENNIAL_GATEWAY_URL is what workspaces are given.', async () => {
  const env = { PERENNIAL_GATEWAY_HOST: '0.0.0.0', PERENNIAL_GATEWAY_URL: 'http://10.1.2.3:9' };
  expect(await choose('kubernetes', env)).toMatchObject({ host: '0.0.0.0', urlInside: 'http://10.1.2.3:9' });
});

test('Where the nodes are not known the gateway stays on this machine, and one line says that workspaces do not reach it.', async () => {
  const { host, urlInside, said } = await choose('kubernetes', { KUBECONFIG: '/nowhere' });
  expect([host, urlInside, said]).toEqual(['127.0.0.1', '', [expect.stringContaining('PERENNIAL_GATEWAY_HOST')]]);
});

import { settleNoProxy, withoutProxyToLoopback } from '../../src/client/loopback';

test.each([
  ['127.0.0.1:7233', true],
  ['127.1:7233', true],
  ['localhost', true],
  ['LOCALHOST:1', true],
  ['dev.localhost:7233', true],
  ['[::1]:7233', true],
  ['[::ffff:127.0.0.1]:7233', true],
  ['', true],
  ['localhost.example.org:7233', false],
  ['127.0.0.1.example.org:7233', false],
  ['10.0.0.1:7233', false],
  ['temporal:7233', false],
  ['[fe80::1]:7233', false],
])('The address %j is of this machine, and needs no proxy: %s.', (address, expected) => {
  const { channelArgs } = withoutProxyToLoopback({ address, channelArgs: { other: 1 } });
  expect(channelArgs).toEqual(expected ? { other: 1, 'grpc.enable_http_proxy': 0 } : { other: 1 });
});

test('The names that an environment excludes from its proxy stay excluded, and this machine is added.', () => {
  const list = 'a.example,.b.example,localhost,127.0.0.1,::1';
  expect(settleNoProxy({ NO_PROXY: ' a.example ,, .b.example' })).toEqual({ no_grpc_proxy: '', no_proxy: list, NO_PROXY: list });
});

test('A star excludes every address, so that all variables of proxies are emptied.', () => {
  const changes = settleNoProxy({
    no_proxy: 'a.example, *',
    HTTPS_PROXY: 'http://proxy:1',
    grpc_proxy: 'http://proxy:1',
    PATH: '/bin',
  });
  expect(changes).toMatchObject({ HTTPS_PROXY: '', grpc_proxy: '' });
  expect(changes).not.toHaveProperty('PATH');
});

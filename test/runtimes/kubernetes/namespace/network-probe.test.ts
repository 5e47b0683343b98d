import { CHANNEL } from '../../../../src/runtimes/kubernetes/exec-channel/channels';
import { createNetworkProbe } from '../../../../src/runtimes/kubernetes/namespace/network-probe';
import { type ExecServer, startExecServer } from '../../../support/kubernetes/exec-server';
import { patiently } from '../../../support/runtimes/contract-harness';

let server: ExecServer;
let said: [string, string][];
beforeEach(async () => {
  server = await startExecServer();
  said = [];
});
afterEach(() => server.end());

const probe = ({ closed = ['127.0.0.0/8'], addresses = ['127.0.0.1'] } = {}) =>
  createNetworkProbe({ closed, addresses, say: (level, message) => void said.push([level, message]) });

/** Pods run on this machine, and reach it. */
function openNetwork(): void {
  server.onCommand(({ start, say }) => {
    const child = start();
    child.stdout.on('data', (data: Buffer) => say(CHANNEL.stdout, data));
    child.stderr.on('data', (data: Buffer) => say(CHANNEL.stderr, data));
  });
}

test('A pod that reaches this process shows that no policy holds, which the log and each build are told.', async () => {
  openNetwork();
  const network = probe();
  expect(network.warnings()).toEqual([]);
  await Promise.all([network.tryFrom(server.place, patiently().signal), network.tryFrom(server.place, patiently().signal)]);
  expect(network.warnings()).toEqual([expect.stringContaining('does not enforce network policies')]);
  await network.tryFrom(server.place, patiently().signal);
  expect(said).toEqual([['warn', expect.stringContaining('a pod in perennial-default reached this worker')]]);
});

test('A pod that does not get through warns nobody.', async () => {
  server.onCommand(({ reply }) => reply(''));
  const network = probe();
  await network.tryFrom(server.place, patiently().signal);
  expect([network.warnings(), said]).toEqual([[], [['info', expect.stringContaining('seem to be enforced')]]]);
});

test('A pod that is lost meanwhile says nothing of the network, and the next one is asked.', async () => {
  server.onCommand(({ line }) => line.terminate());
  const network = probe();
  await network.tryFrom(server.place, patiently().signal);
  expect(said).toEqual([['info', expect.stringContaining('could not be tried')]]);
  openNetwork();
  await network.tryFrom(server.place, patiently().signal);
  expect(network.warnings()).toHaveLength(1);
});

test('An address that policies leave open proves nothing, and is not tried.', async () => {
  server.onCommand(() => {
    throw new Error('nothing was to be run');
  });
  const network = probe({ closed: ['10.0.0.0/8', 'fc00::/7'] });
  await network.tryFrom(server.place, patiently().signal);
  expect([network.warnings(), said]).toEqual([[], []]);
});

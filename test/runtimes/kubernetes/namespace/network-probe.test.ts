import { CHANNEL } from '../../../../src/runtimes/kubernetes/exec-channel/channels';
import { createNetworkProbe } from '../../../../src/runtimes/kubernetes/namespace/network-probe';
import { type ExecServer, startExecServer } from '../../../support/kubernetes/exec-server';
import { patiently } from '../../../support/runtimes/contract-harness';

let server: ExecServer;
let logged: [string, string][];
beforeEach(async () => {
  server = await startExecServer();
  logged = [];
});
afterEach(() => server.end());

const probe = ({ closed = ['127.0.0.0/8'], addresses = ['127.0.0.1'] } = {}) =>
  createNetworkProbe({ closed, addresses, log: (level, message) => void logged.push([level, message]) });

/** Pods run on this machine, and reach it. */
function openNetwork(): void {
  server.onCommand(({ start, say }) => {
    const child = start();
    child.stdout.on('data', (data: Buffer) => say(CHANNEL.stdout, data));
    child.stderr.on('data', (data: Buffer) => say(CHANNEL.stderr, data));
  });
}

test('A pod that reaches this process shows that no policy holds, and the log and each build are warned.', async () => {
  openNetwork();
  const network = probe();
  expect(network.warnings()).toEqual([]);
  await Promise.all([network.probeFrom(server.target, patiently().signal), network.probeFrom(server.target, patiently().signal)]);
  expect(network.warnings()).toEqual([expect.stringContaining('does not enforce network policies')]);
  await network.probeFrom(server.target, patiently().signal);
  expect(logged).toEqual([['warn', expect.stringContaining('a pod in perennial-default reached this worker')]]);
});

test('A pod that does not reach this process causes no warning.', async () => {
  server.onCommand(({ reply }) => reply(''));
  const network = probe();
  await network.probeFrom(server.target, patiently().signal);
  expect([network.warnings(), logged]).toEqual([[], [['info', expect.stringContaining('seem to be enforced')]]]);
});

test('A pod that is lost during the probe proves nothing, and the next pod is probed.', async () => {
  server.onCommand(({ line }) => line.terminate());
  const network = probe();
  await network.probeFrom(server.target, patiently().signal);
  expect(logged).toEqual([['info', expect.stringContaining('could not be tried')]]);
  openNetwork();
  await network.probeFrom(server.target, patiently().signal);
  expect(network.warnings()).toHaveLength(1);
});

test('An address that policies leave open proves nothing, and is not tried.', async () => {
  server.onCommand(() => {
    throw new Error('no command was expected');
  });
  const network = probe({ closed: ['10.0.0.0/8', 'fc00::/7'] });
  await network.probeFrom(server.target, patiently().signal);
  expect([network.warnings(), logged]).toEqual([[], []]);
});

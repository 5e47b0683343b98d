import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { openShell } from '../../src/cli/gateway/open-shell';
import { SHELL_PROTOCOL, WINDOW_BYTES } from '../../src/client/shell/protocol';
import type { TokenSubject } from '../../src/secrets/tokens';
import { type FakeWorkspace, fakeWorkspace } from '../support/gateway/fake-workspace';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { patiently, podSpec } from '../support/runtimes/contract';
import { HOME, REF } from '../support/runtimes/contract-harness';
import { makeSandboxEnv, type SandboxEnv } from '../support/runtimes/sandbox-env';
import { type TestStreams, testStreams } from '../support/runtimes/shell-streams';
import { until } from '../support/until';

const MIB = 1024 * 1024;
const TERMINAL = { columns: 44, rows: 33 };

let sandbox: SandboxEnv;
let gateway: TestGateway;
let workspace: FakeWorkspace;
let owner: { authorization: string };
let url = '';
beforeEach(async () => {
  sandbox = await makeSandboxEnv('auto');
  const { identity } = await sandbox.runtime.prepareHome(HOME, patiently());
  await sandbox.runtime.startPod(podSpec({ build: 1, home: identity, image: 'starter:1' }), patiently());
  workspace = fakeWorkspace();
  gateway = await startGateway(workspace.client, { runtime: sandbox.runtime });
  owner = await gateway.as({ kind: 'owner', owner: 'ada' });
  url = `${await gateway.server.listen({ port: 0, host: '127.0.0.1' })}/v1/workspaces/ada/dev/shell`;
});
afterEach(async () => {
  await gateway.close();
  await sandbox.end();
});

const open = (streams: TestStreams, ...command: string[]) =>
  openShell({ url, token: owner.authorization.slice('Bearer '.length) }, { command, streams, signal: patiently().signal });
const isRunning = async (line: string) =>
  (await sandbox.runtime.exec({ ...REF, build: 1 }, { argv: ['pgrep', '-fx', line] }, patiently().signal)).exitCode === 0;

test('A terminal has the size of the client, follows it, passes on keys and output, and ends with the exit code.', async () => {
  const streams = testStreams(TERMINAL);
  const seen = keepText(streams);
  const ended = open(streams);
  streams.stdin.write('echo "size: $(stty size) $TERM"\n');
  await until('the first size is seen', () => seen().includes('size: 33 44 xterm'));
  streams.resize({ columns: 60, rows: 50 });
  streams.stdin.write('echo "size: $(stty size)"\n');
  await until('the second size is seen', () => seen().includes('size: 50 60'));
  streams.stdin.write('sleep 4545; echo over\n');
  await until('the command runs', () => isRunning('sleep 4545'));
  streams.stdin.write('\x03');
  streams.stdin.write('exit 9\n');
  expect(await ended).toBe(9);
});

test('Input and output of any bytes arrive completely, and both outputs apart.', async () => {
  const streams = testStreams();
  const bytes = Buffer.from(Array.from({ length: 3 * MIB }, (_, at) => (at * 7) % 256));
  const output = keepBytes(streams);
  const errors = keepBytes({ stdout: streams.stderr });
  const ended = open(streams, 'sh', '-c', 'cat; echo fault >&2; exit 6');
  streams.stdin.end(bytes);
  expect(await ended).toBe(6);
  expect(output().equals(bytes)).toBe(true);
  expect(errors().toString()).toBe('fault\n');
});

test('100 MB of output wait for a slow reader, in bounded memory, and all of them arrive.', async () => {
  const streams = testStreams();
  const ended = open(streams, 'head', '-c', '100000000', '/dev/zero');
  await delay(1_500);
  // The other half of the window is at most in the gateway.
  expect(streams.stdout.readableLength + streams.stdout.writableLength).toBeLessThan(1.5 * WINDOW_BYTES);
  let count = 0;
  streams.stdout.on('data', (data: Buffer) => {
    count += data.length;
  });
  expect(await ended).toBe(0);
  await until(
    () => `all of it is there: ${count}`,
    () => count === 100_000_000,
  );
});

test('Input waits while the command does not read.', async () => {
  const streams = testStreams();
  const ended = open(streams, 'sh', '-c', 'sleep 5; wc -c');
  const output = keepText(streams);
  let written = 0;
  const writing = (async () => {
    for (; written < 16 * MIB; written += 65_536)
      if (!streams.stdin.write(Buffer.alloc(65_536))) await once(streams.stdin, 'drain');
    streams.stdin.end();
  })();
  await delay(1_000);
  expect(written).toBeLessThan(4 * MIB);
  await writing;
  expect(await ended).toBe(0);
  expect(Number(output())).toBe(16 * MIB);
});

test('A client that is gone hangs up what it ran, and counts no longer.', async () => {
  const { socket } = await connect({ command: ['sh', '-c', 'nohup sleep 6161 >/dev/null 2>&1 & sleep 6262; true'] });
  await until('both run', async () => (await isRunning('sleep 6161')) && (await isRunning('sleep 6262')));
  socket.terminate();
  await until('one has ended', async () => !(await isRunning('sleep 6262')));
  expect(await isRunning('sleep 6161')).toBe(true);
  await until('its end is logged', () => gateway.log().includes('shell: ended'));
});

test('The workspace is pinged when a terminal opens and when it ends, with the moment at which the client last lived.', async () => {
  const streams = testStreams();
  const before = Date.now();
  const ended = open(streams, 'cat');
  await until('the first ping is there', () => workspace.pings.length === 1);
  streams.stdin.end();
  await ended;
  await gateway.close();
  expect(workspace.pings.map(({ via }) => via)).toEqual(['terminal', 'terminal']);
  for (const { at } of workspace.pings) expect(Date.parse(at ?? '')).toBeGreaterThanOrEqual(before);
});

test('A workspace that does not run is refused with the way to start it.', async () => {
  workspace.known = { id: 'w1', organization: 'default', state: 'off', build: 1 };
  await expect(open(testStreams(), 'true')).rejects.toMatchObject({
    type: 'NotAllowed',
    message: 'expected ada/dev to be running, it is off; `perennial start ada/dev` builds it',
  });
});

test.each<[string, TokenSubject, number]>([
  ['another owner', { kind: 'owner', owner: 'bob' }, 404],
  ['a service', { kind: 'service', name: 'ci', scopes: ['admin', 'operate', 'read'], organizations: ['default'] }, 403],
  ['the workspace itself', { kind: 'workspace', owner: 'ada', name: 'dev', id: 'w1', build: 1 }, 403],
])('No terminal is opened for %s.', async (_, subject, status) => {
  const headers = await gateway.as(subject);
  const socket = new WebSocket(url, [SHELL_PROTOCOL], { headers });
  socket.on('error', () => undefined);
  const [, response] = await once(socket, 'unexpected-response');
  expect(response.statusCode).toBe(status);
  socket.terminate();
});

test.each([
  ['text that is no message', 'garbage'],
  ['a message that is not known', '{"run":"sh"}'],
  ['input before anything is open', Buffer.from([0, 65])],
  ['data of another channel', Buffer.from([7, 65])],
  ['a command with a zero byte', JSON.stringify({ open: { command: ['a\0b'], terminal: null, term: 'xterm' } })],
  ['a terminal of no size', JSON.stringify({ open: { command: [], terminal: { columns: 0, rows: 1 }, term: 'xterm' } })],
])('A client that sends %s is cut off.', async (_, message) => {
  const { socket } = await connect(null);
  socket.send(message);
  const [code] = await once(socket, 'close');
  expect(code).toBe(1008);
});

test('A client that sends more input than it may is cut off.', async () => {
  const { socket } = await connect({ command: ['sleep', '100'] });
  for (let at = 0; at < 2 * WINDOW_BYTES; at += 60_000) socket.send(Buffer.alloc(60_001));
  const [code] = await once(socket, 'close');
  expect(code).toBe(1008);
});

test('A terminal without an upgrade of the connection says what is expected.', async () => {
  const { statusCode, json } = await gateway.server.inject({ url: '/v1/workspaces/ada/dev/shell', headers: owner });
  expect([statusCode, json().error.type]).toEqual([426, 'InvalidRequest']);
});

test('When the gateway ends its terminals are hung up, and their clients get the reason.', async () => {
  const ended = open(testStreams(), 'sleep', '6363');
  await until('it runs', () => isRunning('sleep 6363'));
  const refused = expect(ended).rejects.toMatchObject({ message: expect.stringContaining('the gateway is ending') });
  await gateway.close();
  await refused;
  await until('it has ended', async () => !(await isRunning('sleep 6363')));
});

async function connect(opening: { command: string[] } | null) {
  const socket = new WebSocket(url, [SHELL_PROTOCOL], { headers: owner });
  await once(socket, 'open');
  if (opening) socket.send(JSON.stringify({ open: { terminal: null, term: 'xterm', ...opening } }));
  return { socket };
}

function keepText({ stdout }: Pick<TestStreams, 'stdout'>): () => string {
  const bytes = keepBytes({ stdout });
  return () => bytes().toString('utf8');
}

function keepBytes({ stdout }: Pick<TestStreams, 'stdout'>): () => Buffer {
  const parts: Buffer[] = [];
  stdout.on('data', (data: Buffer) => parts.push(data));
  return () => Buffer.concat(parts);
}

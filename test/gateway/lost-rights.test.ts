/** What is open for long ends with the right of its caller. */
import type { AddressInfo } from 'node:net';
import { openShell } from '../../src/cli/gateway/open-shell';
import { HOUR_MS } from '../../src/contract/duration';
import { createMemoryRuntime } from '../../src/runtimes/memory';
import type { ShellRequest } from '../../src/runtimes/shell-request';
import type { TokenSubject } from '../../src/secrets/tokens';
import { build } from '../support/cli/command-line';
import { readEvents } from '../support/gateway/event-reader';
import { type FakeWorkspace, fakeWorkspace } from '../support/gateway/fake-workspace';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { patiently } from '../support/runtimes/contract';
import { testStreams } from '../support/runtimes/shell-streams';
import { until } from '../support/until';

let gateway: TestGateway;
let workspace: FakeWorkspace;
/** Added to the clock of the gateway. */
let skewMs: number;
let suspended: string[];
/** How many terminals the runtime has open. */
let terminals: number;
beforeEach(async () => {
  [skewMs, suspended, terminals] = [0, [], 0];
  const known = build({ endedAt: null });
  workspace = fakeWorkspace({
    waitForBuild: (_number, { onChange } = {}) => {
      onChange?.(known, null);
      return new Promise(() => undefined);
    },
  });
  const organization = () => ({ policy: async () => ({ suspendedOwners: suspended }) });
  Object.assign(workspace.client, { organization });
  const shell = async (_pod: unknown, { streams }: ShellRequest) => {
    terminals += 1;
    await new Promise((resolve) => streams.stdin.resume().once('close', resolve));
    terminals -= 1;
    return 129;
  };
  gateway = await startGateway(workspace.client, {
    runtime: { ...createMemoryRuntime(), shell },
    limits: { recheckEveryMs: 50 },
    now: () => Date.now() + skewMs,
  });
  await gateway.server.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => gateway.close());

const urlOf = (route: string) => {
  const { port } = gateway.server.server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/v1/workspaces/ada/dev${route}`;
};
const authorization = async () => (await gateway.as({ kind: 'owner', owner: 'ada' })).authorization;

const LOSSES: [what: string, lose: () => void, type: string][] = [
  [
    'the token expires',
    () => {
      skewMs = 2 * HOUR_MS;
    },
    'Unauthorized',
  ],
  [
    'the owner is suspended',
    () => {
      // The policy that was read for the request is not relied on any longer.
      skewMs = 60_000;
      suspended = ['ada'];
    },
    'Unauthorized',
  ],
  [
    'the workspace is gone',
    () => {
      workspace.known = null;
    },
    'NotFound',
  ],
];

test.each(LOSSES)('A terminal is hung up when %s.', async (_, lose, type) => {
  const token = (await authorization()).slice('Bearer '.length);
  const request = { command: ['cat'], streams: testStreams(), signal: patiently().signal };
  const ended = openShell({ url: urlOf('/shell'), token }, request).catch((error: unknown) => error);
  await until('the terminal is open', () => terminals === 1);
  lose();
  expect(await ended).toMatchObject({ type });
  expect(terminals).toBe(0);
});

test.each(LOSSES)('A stream of events ends when %s, and says so.', async (_, lose, type) => {
  const { events } = await readEvents(urlOf('/builds/1/events'), { authorization: await authorization() });
  expect((await events.next()).value).toMatchObject({ event: 'step' });
  setTimeout(lose, 300);
  const seen: unknown[] = [];
  for await (const { event, id, data } of events) seen.push({ event, id, data });
  expect(seen.at(-1)).toEqual({ event: 'failure', id: null, data: { type, message: expect.any(String) } });
});

test.each<[string, TokenSubject, number]>([
  [
    'the workspace itself, whose token ends with its build',
    { kind: 'workspace', owner: 'ada', name: 'dev', id: 'w1', build: 1 },
    403,
  ],
  ['a service without the scope read', { kind: 'service', name: 'ci', scopes: ['operate'], organizations: ['default'] }, 403],
  ['another owner', { kind: 'owner', owner: 'bob' }, 404],
])('No stream of events is opened for %s.', async (_, subject, status) => {
  expect((await readEvents(urlOf('/builds/1/events'), { ...(await gateway.as(subject)) })).status).toBe(status);
});

test('A terminal stays open while its caller’s right cannot be checked.', async () => {
  const token = (await authorization()).slice('Bearer '.length);
  const streams = testStreams();
  const ended = openShell({ url: urlOf('/shell'), token }, { command: ['cat'], streams, signal: patiently().signal });
  await until('the terminal is open', () => terminals === 1);
  let checks = 0;
  const describe = () => {
    checks += 1;
    return Promise.reject(new Error('away'));
  };
  Object.assign(workspace.client.temporal, { workflow: { getHandle: () => ({ describe }) } });
  await until('its right was asked for three times', () => checks >= 3);
  expect(terminals).toBe(1);
  streams.stdin.end();
  expect(await ended).toBe(129);
});

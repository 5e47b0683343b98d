import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkspaceHandle } from '../../src/client';
import { build } from '../support/cli/command-line';
import { readEvents } from '../support/gateway/event-reader';
import { fakeWorkspace } from '../support/gateway/fake-workspace';
import { startGateway, type TestGateway } from '../support/gateway/gateway-env';

let gateway: TestGateway;
let isKnown = true;
/** Resolves once a request waits for the build. */
let follows: Promise<unknown>;
beforeEach(async () => {
  let follow: (value: unknown) => void;
  follows = new Promise((resolve) => (follow = resolve));
  const waitForBuild: WorkspaceHandle['waitForBuild'] = (_number, { onChange } = {}) => {
    follow(null);
    if (isKnown) onChange?.(build({ endedAt: null }), null);
    return new Promise(() => undefined);
  };
  gateway = await startGateway(fakeWorkspace({ waitForBuild }).client);
  await gateway.server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => gateway.close());

function urlOfEvents(): string {
  const [address] = gateway.server.addresses();
  return `http://127.0.0.1:${(address as AddressInfo).port}/v1/workspaces/ada/dev/builds/1/events`;
}

const open = async () => readEvents(urlOfEvents(), await gateway.as({ kind: 'owner', owner: 'ada' }));

test('A reader receives the end of the gateway as a failure event.', async () => {
  isKnown = true;
  const { events } = await open();
  setTimeout(() => gateway.server.close(), 800);
  const seen: unknown[] = [];
  for await (const { event, data } of events) seen.push({ event, data });
  expect(seen.at(-1)).toEqual({ event: 'failure', data: { type: 'Unavailable', message: 'the gateway is ending' } });
});

test('The end of the gateway before the first event is answered with its status.', async () => {
  isKnown = false;
  const opened = open();
  await follows;
  const closed = gateway.server.close();
  expect((await opened).status).toBe(503);
  await closed;
});

test('A client that leaves before the first event is no failure of the gateway.', async () => {
  isKnown = false;
  const headers = await gateway.as({ kind: 'owner', owner: 'ada' });
  const leave = new AbortController();
  follows.then(() => leave.abort());
  await expect(fetch(urlOfEvents(), { headers, signal: leave.signal })).rejects.toThrow();
  await delay(300);
  expect(gateway.log()).not.toContain('failed');
});

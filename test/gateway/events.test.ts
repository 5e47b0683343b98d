import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { RequestFailure, type WorkspaceHandle } from '../../src/client';
import type { BuildView, StepView } from '../../src/contract/payloads';
import { createMemoryRuntime, type MemoryRuntime } from '../../src/runtimes/memory';
import { setSecret } from '../../src/secrets/named-secrets';
import { build } from '../support/cli/command-line';
import { type EventReader, type ReceivedEvent, readEvents } from '../support/gateway/event-reader';
import { fakeWorkspace } from '../support/gateway/fake-workspace';
import { openFolderStore, startGateway, type TestGateway } from '../support/gateway/gateway-env';
import { patiently } from '../support/runtimes/contract';
import { HOME } from '../support/runtimes/contract-harness';
import { until } from '../support/until';

const LOG = { id: 'w1', organization: 'default', build: 1, step: 'configure' };
const ROUTE = '/v1/workspaces/ada/dev/builds/1/events';
const NOTE = '[perennial: this log passed 10 MiB; its beginning was cut here]\n';
const KEY = [
  '-----BEGIN OPENSSH PRIVATE KEY-----',
  'b3BlbnNzaC1rZXktdjEAAAAA',
  'AAAABG5vbmUAAAAEbm9uZQAA',
  '-----END OPENSSH PRIVATE KEY-----',
];

let runtime: MemoryRuntime;
let log = '';
let state: BuildView;
let replacedBy: number | null = null;
const gateways: TestGateway[] = [];
const readers: EventReader[] = [];
let folder: ReturnType<typeof openFolderStore>;
beforeEach(async () => {
  runtime = createMemoryRuntime();
  await runtime.prepareHome(HOME, patiently());
  log = '';
  replacedBy = null;
  state = running();
  folder = openFolderStore();
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.kill();
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
  folder.remove();
});

test('Steps and masked output come as they are, what a step prints before the event of its end, and then the end.', async () => {
  const reader = await open(await copy());
  write('one\n', `${KEY[0]}\n`);
  const seen = collect(reader);
  await until('the first line is seen', () => textOf(seen).includes('one'));
  write(...KEY.slice(1).map((line) => `${line}\n`), 'two\nlast');
  state = ended();
  await until('the end is seen', () => seen.some(({ event }) => event === 'end'));
  expect(textOf(seen)).toBe('one\n***\ntwo\nlast');
  const order = seen.map(({ event, data }) => (event === 'step' ? `${data.name} ${data.state}` : event));
  expect(order.indexOf('configure running')).toBeLessThan(order.indexOf('output'));
  expect(order.lastIndexOf('output')).toBeLessThan(order.indexOf('configure done'));
  expect(order.at(-1)).toBe('end');
  expect(seen.filter(({ event, data }) => event === 'step' && data.name === 'admit')).toHaveLength(1);
});

test('After each event another copy goes on exactly behind it, in the middle of a private key too.', async () => {
  const lines = ['one\n', ...KEY.map((line) => `${line}\n`), 'two\n', `${'x'.repeat(200_000)}\n`, 'ünïcödé\n', 'last'];
  write(...lines.slice(0, 3));
  const first = collect(await open(await copy()));
  await until('the first part is seen', () => textOf(first).includes('one'));
  write(...lines.slice(3, 6));
  await until('the second part is seen', () => textOf(first).includes('two'));
  write(...lines.slice(6));
  state = ended();
  await until('the end is seen', () => first.some(({ event }) => event === 'end'));
  const whole = first.map(withoutId);
  const other = await copy();
  for (const [index, { id }] of first.entries()) {
    const rest = collect(await open(other, id));
    if (index === first.length - 1) break;
    await until('the rest is there', () => rest.some(({ event }) => event === 'end'));
    expect(textOf(first.slice(0, index + 1)) + textOf(rest)).toBe(textOf(first));
    const steps = (events: ReceivedEvent[]) => events.filter(({ event }) => event === 'step').map(withoutId);
    // A step that changed twice meanwhile is sent once.
    for (const step of steps(rest)) expect(whole).toContainEqual(step);
  }
});

test('A reader that comes again after the end is sent nothing more, so that it stays away.', async () => {
  state = ended();
  write('one\n');
  const seen = collect(await open(await copy()));
  await until('the end is seen', () => seen.some(({ event }) => event === 'end'));
  expect((await open(await copy(), seen.at(-1)?.id)).status).toBe(204);
});

test('A reader that is cut off many times loses nothing and gets nothing twice.', async () => {
  const copies = [await copy(), await copy()] as const;
  const writing = (async () => {
    for (let number = 1; number <= 300; number += 1) {
      write(`line ${number}\n`);
      await delay(10);
    }
    state = ended();
  })();
  const seen: ReceivedEvent[] = [];
  for (let round = 0; !seen.some(({ event }) => event === 'end'); round += 1) {
    const reader = await open(copies[round % 2 === 0 ? 0 : 1], seen.at(-1)?.id);
    setTimeout(() => reader.kill(), 700).unref();
    for await (const event of reader.events) seen.push(event);
  }
  await writing;
  expect(textOf(seen)).toBe(Array.from({ length: 300 }, (_, at) => `line ${at + 1}\n`).join(''));
});

test('A log whose beginning was cut goes on where the reader was, and a log that begins again is sent from its beginning.', async () => {
  const many = Array.from({ length: 5_000 }, (_, at) => `line ${at}\n`);
  write(...many);
  const gateway = await copy();
  const reader = await open(gateway);
  const seen = collect(reader);
  await until('all is seen', () => textOf(seen).endsWith('line 4999\n'));
  reader.kill();
  const { id } = seen.at(-1) ?? {};
  log = NOTE + many.slice(2_000).join('');
  write('after the cut\n');
  const cut = collect(await open(gateway, id));
  await until('what came after the cut is seen', () => textOf(cut) !== '');
  expect(textOf(cut)).toBe('after the cut\n');
  log = '';
  write('from the beginning\n');
  await until('the new run is seen', () => textOf(cut).includes('from the beginning'));
  expect(cut.filter(({ event }) => event === 'output').at(-1)?.data).toMatchObject({
    text: 'from the beginning\n',
    restarted: true,
  });
});

test('A secret that is set while the hook runs is hidden in what comes after.', async () => {
  const gateway = await copy();
  write('before\n');
  const seen = collect(await open(gateway));
  await until('the first line is seen', () => textOf(seen) !== '');
  const secret = { name: 'PASSWORD', target: { env: 'PASSWORD' }, value: Buffer.from('correct-horse'), by: null };
  await setSecret(gateway.store, { holder: { scope: 'owner', name: 'ada' }, ...secret });
  write('it is correct-horse\n');
  await until('the second line is seen', () => textOf(seen).includes('it is'));
  expect(textOf(seen)).toBe('before\nit is ***\n');
});

test('A reader that is slow holds nothing in memory but the event under way.', async () => {
  const read = jest.spyOn(runtime, 'readLog');
  write(...Array.from({ length: 64 }, () => `${'x'.repeat(262_143)}\n`));
  await open(await copy());
  await until('it has begun', () => read.mock.calls.length > 3);
  await delay(1_500);
  const offset = Math.max(...read.mock.calls.map(([from]) => from.offset));
  expect(offset).toBeLessThan(10 * 1024 * 1024);
});

test('A build that was replaced is followed to its replacement.', async () => {
  state = ended({ replacedBy: 2 });
  replacedBy = 2;
  write('of the first\n');
  runtime.writeLog({ ...LOG, build: 2 }, 'of the second\n');
  const seen = collect(await open(await copy()));
  await until('the end is seen', () => seen.some(({ event }) => event === 'end'));
  expect(textOf(seen)).toBe('of the first\nof the second\n');
  expect(seen.find(({ event }) => event === 'replaced')?.data).toEqual({ build: 1, by: 2 });
  expect(seen.at(-1)?.data).toMatchObject({ number: 2 });
});

test('Without the runtime the steps come, and for the output of each the reason why there is none.', async () => {
  state = ended();
  const seen = collect(await open(await copy({ runtime: null })));
  await until('the end is seen', () => seen.some(({ event }) => event === 'end'));
  expect(seen.find(({ event }) => event === 'output-unavailable')?.data).toEqual({
    build: 1,
    step: 'configure',
    message: 'this gateway does not hold the runtime',
  });
});

test.each([
  ['garbage', 'garbage', 400],
  ['an id of an earlier build', Buffer.from('{"b":0,"s":{},"l":{},"o":0}').toString('base64url'), 400],
])('A Last-Event-ID that is %s is refused.', async (_, id, status) => {
  expect((await open(await copy(), id)).status).toBe(status);
});

/** Another copy of the gateway, on the same store. */
async function copy(options: { runtime?: null } = {}): Promise<TestGateway> {
  const waitForBuild: WorkspaceHandle['waitForBuild'] = async (number, { onChange, onReplaced, signal } = {}) => {
    if (number === 1 && replacedBy !== null) onReplaced?.(1, replacedBy);
    for (;;) {
      const now = replacedBy === null ? state : ended({ number: replacedBy });
      onChange?.(now, null);
      if (now.endedAt !== null) return now;
      if (signal?.aborted) throw new RequestFailure('Failed', 'aborted');
      await delay(20);
    }
  };
  const { client } = fakeWorkspace({ waitForBuild, build: async () => state });
  const gateway = await startGateway(client, { runtime, store: folder.store, ...options });
  await gateway.server.listen({ port: 0, host: '127.0.0.1' });
  gateways.push(gateway);
  return gateway;
}

async function open(gateway: TestGateway, id?: string | null): Promise<EventReader> {
  const [address] = gateway.server.addresses();
  const headers = await gateway.as({ kind: 'owner', owner: 'ada' });
  const reader = await readEvents(`http://127.0.0.1:${(address as AddressInfo).port}${ROUTE}`, {
    ...headers,
    ...(id && { 'last-event-id': id }),
  });
  readers.push(reader);
  return reader;
}

function collect({ events }: EventReader): ReceivedEvent[] {
  const seen: ReceivedEvent[] = [];
  void (async () => {
    for await (const event of events) seen.push(event);
  })();
  return seen;
}

const textOf = (events: ReceivedEvent[]): string =>
  events.flatMap(({ event, data }) => (event === 'output' ? [data.text ?? ''] : [])).join('');

const withoutId = ({ event, data }: ReceivedEvent) => ({ event, data });

function write(...lines: string[]): void {
  log += lines.join('');
  runtime.writeLog(LOG, log);
}

function running(): BuildView {
  const steps = build().steps.map((step): StepView => {
    return step.name === 'configure' ? { ...step, state: 'running', endedAt: null, message: null } : step;
  });
  return build({ endedAt: null, steps });
}

function ended(change: Partial<BuildView> = {}): BuildView {
  const steps = build().steps.map(
    (step): StepView => (step.name === 'configure' ? { ...step, state: 'done', message: null } : step),
  );
  return build({ steps, ...change });
}

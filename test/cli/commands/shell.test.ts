import type { PingInput } from '../../../src/contract/payloads';
import type { PodRef } from '../../../src/runtimes/runtime';
import type { ShellRequest } from '../../../src/runtimes/shell-request';
import { fakeClient, run, status } from '../../support/cli/command-line';
import { createStackFolder, fakeRuntime } from '../../support/cli/folder';

const dir = createStackFolder(['w1']);
const settings = { dir, images: dir, by: null };

afterEach(() => jest.useRealTimers());

test('A command goes to the running build, and its exit code comes back.', async () => {
  const { client } = pinged();
  const opened: unknown[] = [];
  const runtime = fakeRuntime({
    shell: async (pod: PodRef, { command }: ShellRequest) => {
      opened.push(pod, command);
      return 7;
    },
  });
  const ended = await run(['shell', 'ada/dev', '--', 'ls', '-l', '--json'], { client, settings, openRuntime: () => runtime });
  expect(ended).toEqual({ code: 7, out: '', error: '' });
  expect(opened).toEqual([{ id: 'w1', organization: 'default', build: 1 }, ['ls', '-l', '--json']]);
  expect(runtime.closed).toBe(1);
});

test('It pings when it opens, every 30 s while open, and when it ends.', async () => {
  jest.useFakeTimers();
  const { client, pings } = pinged();
  const counts: number[] = [];
  const shell = async () => {
    counts.push(pings.length);
    await jest.advanceTimersByTimeAsync(90_000);
    counts.push(pings.length);
    return 0;
  };
  const ended = await run(['shell', 'ada/dev'], { client, settings, openRuntime: () => fakeRuntime({ shell }) });
  expect(ended.code).toBe(0);
  expect([...counts, pings.length]).toEqual([1, 4, 5]);
  expect(new Set(pings.map(({ via }) => via))).toEqual(new Set(['terminal']));
  await jest.advanceTimersByTimeAsync(120_000);
  expect(pings).toHaveLength(5);
});

test('A ping that fails disturbs neither the shell nor the user.', async () => {
  const ping = () => Promise.reject(new Error('the server is away'));
  const client = fakeClient({ workspace: { status: async () => status(), ping } });
  const openRuntime = () => fakeRuntime({ shell: async () => 0 });
  expect(await run(['shell', 'ada/dev'], { client, settings, openRuntime })).toEqual({ code: 0, out: '', error: '' });
});

test('On a signal to end, it ends the shell first and pings once more.', async () => {
  const { client, pings } = pinged();
  const listeners: (() => void)[] = [];
  const onTermination = (listener: () => void) => {
    listeners.push(listener);
    return () => undefined;
  };
  const shell = async (_pod: PodRef, { signal }: ShellRequest) => {
    for (const listener of listeners) listener();
    signal.throwIfAborted();
    return 0;
  };
  const openRuntime = () => fakeRuntime({ shell });
  expect((await run(['shell', 'ada/dev'], { client, settings, openRuntime, onTermination })).code).toBe(143);
  expect(pings).toHaveLength(2);
});

test('A workspace that does not run is refused with the way to start it.', async () => {
  const client = fakeClient({ workspace: { status: async () => status({ state: 'off' }) } });
  expect(await run(['shell', 'ada/dev'], { client, settings })).toEqual({
    code: 1,
    out: '',
    error: 'perennial: NotAllowed: expected ada/dev to be running, it is off; `perennial start ada/dev` builds it\n',
  });
});

test('A workspace whose home is elsewhere is refused, and not pinged.', async () => {
  const client = fakeClient({ workspace: { status: async () => status() } });
  expect(await run(['shell', 'ada/dev'], { client })).toMatchObject({
    code: 1,
    error: expect.stringContaining('RuntimeUnavailable: ada/dev does not run under /nowhere'),
  });
});

function pinged() {
  const pings: PingInput[] = [];
  const ping = async (input: PingInput = {}) => {
    pings.push(input);
  };
  return { pings, client: fakeClient({ workspace: { status: async () => status(), ping } }) };
}

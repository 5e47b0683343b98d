import type { Ground } from '../../../src/runtimes/kubernetes/context';
import { execIn, lastTerminalInput, readLog } from '../../../src/runtimes/kubernetes/exec';
import { CHANNEL } from '../../../src/runtimes/kubernetes/exec-channel/channels';
import { type ExecServer, startExecServer } from '../../support/kubernetes/exec-server';
import { OURS, podOf, RUNNING } from '../../support/kubernetes/pod-objects';
import { expectFailure, patiently } from '../../support/runtimes/contract-harness';

const REF = { id: 'w1', organization: 'default', build: 3 };
const LOG = { ...REF, step: 'configure', offset: 0 };

let server: ExecServer;
beforeEach(async () => {
  server = await startExecServer();
});
afterEach(() => {
  jest.useRealTimers();
  server.end();
});

const podOfBuild = (build: number) => podOf({ status: RUNNING, labels: { ...OURS, 'perennial/build': String(build) } });

/** A cluster in which build 3 of `w1` runs, if nothing else is said, and commands come to the server; the watch saw build `seen`. */
function cluster({ build = (): number => 3, seen = null as number | null, onRead = () => {} } = {}): Ground {
  const read = async () => {
    onRead();
    return podOfBuild(build());
  };
  const api = { pods: { read }, socket: server.place.socket };
  const pods = { seen: () => (seen === null ? undefined : podOfBuild(seen)) };
  return { api, pods, namespaceOf: (organization: string) => `perennial-${organization}` } as unknown as Ground;
}

describe('A command', () => {
  const commands = [{ argv: ['sh', '-s'], stdin: 'echo it ran' }, { argv: ['echo', 'it ran'] }];

  test.each(commands)('such as %j runs in the pod of its build.', async (command) => {
    server.onCommand(({ start, say }) => {
      const child = start();
      child.stdout.on('data', (data: Buffer) => say(CHANNEL.stdout, data));
      child.stderr.on('data', (data: Buffer) => say(CHANNEL.stderr, data));
    });
    expect(await execIn(cluster(), REF, command, patiently().signal)).toEqual({ exitCode: 0, stdout: 'it ran\n', stderr: '' });
  });

  test.each(commands)(
    'such as %j does nothing where the next build’s pod has taken the place while the line was opened.',
    async (command) => {
      let build = 3;
      const told: Buffer[] = [];
      const closed = new Promise((resolve) =>
        server.onCommand(({ line }) => {
          build = 4;
          line.on('message', (message: Buffer) => told.push(message));
          line.once('close', resolve);
        }),
      );
      const given = cluster({ build: () => build, seen: 3 });
      await expectFailure(execIn(given, REF, command, patiently().signal), 'PodLost');
      await closed;
      expect(told).toEqual([]);
    },
  );
});

test('A command that floods its line is cut off, and its line is closed.', async () => {
  const closed = new Promise((resolve) =>
    server.onCommand(({ line, say }) => {
      const piece = Buffer.alloc(1024 * 1024);
      const flood = setInterval(() => line.bufferedAmount < piece.length && say(CHANNEL.stdout, piece), 1);
      line.once('close', () => {
        clearInterval(flood);
        resolve(null);
      });
    }),
  );
  const { message } = await expectFailure(execIn(cluster(), REF, { argv: ['yes'] }, patiently().signal), 'RuntimeUnavailable');
  expect(message).toContain('it said more than 64 MiB');
  await closed;
});

describe('A look at the pod before a command', () => {
  beforeEach(() => server.onCommand(({ reply }) => reply('it ran\n')));
  const run = async (given: Parameters<typeof cluster>[0]) => {
    const onRead = jest.fn();
    await execIn(cluster({ ...given, onRead }), REF, { argv: ['true'] }, patiently().signal);
    return onRead.mock.calls.length;
  };

  test('is left out where the watch has seen it run; the one at the open line never is.', async () => {
    expect(await run({ seen: 3 })).toBe(1);
  });

  test.each([null, 2])('is taken where the watch has seen build %p.', async (seen) => {
    expect(await run({ seen })).toBe(2);
  });
});

describe('The last look', () => {
  /** Answers with the time of the pod and the times of its terminals. */
  const tell = (...lines: number[]) => server.onCommand(({ reply }) => reply(`${lines.join('\n')}\n`));

  test.each([
    ['is that of input long ago', [8_000, 7_001, 800], 8_000 - 7_008],
    ['is that of input a moment ago', [8_007, 8_000], 0],
    ['may be as new as the kernel’s next note', [8_010, 8_000], 2],
  ])('%s, by the clock of the pod, and never too early.', async (_, lines, secondsAgo) => {
    tell(...lines);
    const before = Date.now();
    const lastInputAt = (await lastTerminalInput(cluster(), REF)) ?? 0;
    expect(lastInputAt).toBeGreaterThanOrEqual(before - secondsAgo * 1_000);
    expect(lastInputAt).toBeLessThanOrEqual(Date.now() - secondsAgo * 1_000);
  });

  test('finds none where there is no terminal.', async () => {
    tell(8_000);
    expect(await lastTerminalInput(cluster(), REF)).toBeNull();
  });
});

describe('Where the home hangs, so that commands begin and never end,', () => {
  test.each([
    ['the last look', 10, () => lastTerminalInput(cluster(), REF)],
    ['the reading of a log', 30, () => readLog(cluster(), LOG)],
  ])('%s ends after %d s as RuntimeUnavailable, and closes its line.', async (_, seconds, work) => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
    const begun = new Promise<{ closed: Promise<unknown> }>((resolve) =>
      server.onCommand(({ line }) => resolve({ closed: new Promise((close) => line.once('close', close)) })),
    );
    let end = 'none';
    const asked = work().catch((error: { type: string }) => {
      end = error.type;
    });
    const { closed } = await begun;
    await jest.advanceTimersByTimeAsync((seconds - 1) * 1_000);
    expect(end).toBe('none');
    await jest.advanceTimersByTimeAsync(1_000);
    await asked;
    expect(end).toBe('RuntimeUnavailable');
    await closed;
  });
});

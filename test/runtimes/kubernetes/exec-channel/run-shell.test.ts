import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { CHANNEL } from '../../../../src/runtimes/kubernetes/exec-channel/channels';
import { runShell } from '../../../../src/runtimes/kubernetes/exec-channel/run-shell';
import { type ExecServer, type OpenCommand, startExecServer } from '../../../support/kubernetes/exec-server';
import { testStreams } from '../../../support/runtimes/shell-streams';

let server: ExecServer;
beforeEach(async () => {
  server = await startExecServer();
});
afterEach(() => server.end());

/** One command on streams of the test's own. */
function shell(command: string[], { signal = new AbortController().signal, isTTY = false } = {}) {
  const streams = testStreams(isTTY ? { columns: 80, rows: 24 } : null);
  return { ...streams, ended: runShell(server.target, { command, streams, signal }) };
}

/** What was passed on until the end. */
async function outcome({ stdout, stderr, ended }: ReturnType<typeof shell>) {
  // Read as it comes, since a command waits for who does not.
  const all = Promise.all([text(stdout), text(stderr)]);
  const exitCode = await ended;
  stdout.end();
  stderr.end();
  const [out, err] = await all;
  return { exitCode, stdout: out, stderr: err };
}

/** Sends one stream of a command to its end, and then the other. */
async function sendInOrder(command: OpenCommand, order: ('stdout' | 'stderr')[]): Promise<void> {
  const child = command.start();
  const all = { stdout: buffer(child.stdout), stderr: buffer(child.stderr) };
  for (const name of order) {
    command.say(CHANNEL[name], await all[name]);
    await command.taken();
  }
}

test.each([[['stderr', 'stdout'] as const], [['stdout', 'stderr'] as const]])(
  'All output is passed on, with the exit code, when the streams come to their ends in the order %j.',
  async (order) => {
    server.onCommand((command) => void sendInOrder(command, [...order]));
    const running = shell(['sh', '-c', 'seq 1 20000; echo fault >&2; exit 7']);
    const { exitCode, stdout, stderr } = await outcome(running);
    expect({ exitCode, stderr, lines: stdout.split('\n').length }).toEqual({ exitCode: 7, stderr: 'fault\n', lines: 20_001 });
    expect(stdout.endsWith('\n20000\n')).toBe(true);
  },
);

test('A connection that is lost when only one stream has ended gives no exit code.', async () => {
  server.onCommand(async (command) => {
    command.say(CHANNEL.stderr, await buffer(command.start().stderr));
    await command.taken();
    command.line.terminate();
  });
  await expect(shell(['echo', 'one']).ended).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
});

test('A command gets all of its input unchanged, and so does the caller with its output.', async () => {
  server.onCommand((command) => void sendInOrder(command, ['stdout', 'stderr']));
  const running = shell(['cat']);
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 256));
  running.stdin.end(bytes);
  const output = buffer(running.stdout);
  expect(await running.ended).toBe(0);
  running.stdout.end();
  expect((await output).equals(bytes)).toBe(true);
});

test.each([
  ['A command', false],
  ['A terminal', true],
])('%s whose caller gives up while the line is being opened is closed at once.', async (_, isTTY) => {
  const reason = new Error('the caller has left');
  const aborting = new AbortController();
  const closed = new Promise((resolve) =>
    server.onCommand(({ line }) => {
      aborting.abort(reason);
      line.once('close', resolve);
    }),
  );
  await expect(shell(['cat'], { signal: aborting.signal, isTTY }).ended).rejects.toBe(reason);
  await closed;
});

describe('Through a pipe', () => {
  const MIB = 1024 * 1024;
  const pieces = function* (count: number) {
    for (let at = 0; at < count; at += 1) yield Buffer.alloc(64 * 1024, at);
  };

  test('a command that does not read yet makes its input wait at the source, and gets all of it later.', async () => {
    let goOn = () => {};
    server.onCommand((command) => {
      command.line.pause();
      goOn = () => {
        command.line.resume();
        void sendInOrder(command, ['stdout', 'stderr']);
      };
    });
    const running = shell(['wc', '-c']);
    let read = 0;
    const source = Readable.from(
      (function* () {
        for (const piece of pieces(1_024)) {
          read += piece.length;
          yield piece;
        }
      })(),
    );
    source.pipe(running.stdin);
    const output = text(running.stdout);
    await pause(500);
    // What lies in the buffers of the machine between the two counts too.
    expect(read).toBeLessThan(16 * MIB);
    goOn();
    expect(await running.ended).toBe(0);
    running.stdout.end();
    expect((await output).trim()).toBe(String(64 * MIB));
  });

  test('a caller that does not read yet makes the command wait, is not taken for silent, and gets all of it later.', async () => {
    let sent = 0;
    server.onCommand(async (command) => {
      const child = command.start();
      child.stderr.on('data', (data: Buffer) => command.say(CHANNEL.stderr, data));
      for await (const data of child.stdout as AsyncIterable<Buffer>) {
        command.say(CHANNEL.stdout, data);
        sent += data.length;
        while (command.line.bufferedAmount > MIB) await pause(5);
      }
    });
    const running = shell(['head', '-c', String(64 * MIB), '/dev/zero']);
    await pause(500);
    expect(sent).toBeLessThan(16 * MIB);
    const output = buffer(running.stdout);
    expect(await running.ended).toBe(0);
    running.stdout.end();
    expect((await output).length).toBe(64 * MIB);
  });
});

import { buffer, text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { CHANNEL } from '../../../src/runtimes/kubernetes/exec-socket';
import { runShell, type ShellStreams } from '../../../src/runtimes/kubernetes/terminal';
import { type ExecServer, type OpenCommand, startExecServer } from './exec-server';

let server: ExecServer;
beforeEach(async () => {
  server = await startExecServer();
});
afterEach(() => server.end());

/** One command on streams of the test's own. */
function shell(argv: string[], { signal = new AbortController().signal, isTTY = false } = {}) {
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
  const stdout = Object.assign(new PassThrough(), { isTTY, columns: 80, rows: 24 });
  const stderr = new PassThrough();
  const streams = { stdin, stdout, stderr } as unknown as ShellStreams;
  return { stdin, stdout, stderr, ended: runShell(server.place, { argv, terminal: 'xterm', signal, streams }) };
}

/** What was passed on until the end. */
async function outcome({ stdout, stderr, ended }: ReturnType<typeof shell>) {
  const exitCode = await ended;
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) };
}

/** Sends one stream of a command to its end, and then the other. */
async function sendInTurn(command: OpenCommand, order: ('stdout' | 'stderr')[]): Promise<void> {
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
    server.onCommand((command) => void sendInTurn(command, [...order]));
    const given = shell(['sh', '-c', 'seq 1 20000; echo trouble >&2; exit 7']);
    const { exitCode, stdout, stderr } = await outcome(given);
    expect({ exitCode, stderr, lines: stdout.split('\n').length }).toEqual({ exitCode: 7, stderr: 'trouble\n', lines: 20_001 });
    expect(stdout.endsWith('\n20000\n')).toBe(true);
  },
);

test('A line that is lost when only one stream has come to its end gives no exit code.', async () => {
  server.onCommand(async (command) => {
    command.say(CHANNEL.stderr, await buffer(command.start().stderr));
    await command.taken();
    command.line.terminate();
  });
  await expect(shell(['echo', 'one']).ended).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
});

test('A command gets its input to the end, byte by byte as it is, and its output comes back so.', async () => {
  server.onCommand((command) => void sendInTurn(command, ['stdout', 'stderr']));
  const given = shell(['cat']);
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 256));
  given.stdin.end(bytes);
  expect(await given.ended).toBe(0);
  given.stdout.end();
  expect((await buffer(given.stdout)).equals(bytes)).toBe(true);
});

test.each([
  ['A command', false],
  ['A terminal', true],
])('%s whose caller gives up while the line is being opened is closed at once.', async (_, isTTY) => {
  const reason = new Error('nobody waits any more');
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

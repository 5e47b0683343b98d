import { CHANNEL } from '../../../../src/runtimes/kubernetes/exec-channel/channels';
import { openSession } from '../../../../src/runtimes/kubernetes/exec-channel/command-session';
import { type ExecServer, startExecServer } from '../../../support/kubernetes/exec-server';
import { expectFailure, patiently } from '../../../support/runtimes/contract-harness';

let server: ExecServer;
let opened: number;
let ends: Promise<number | null>[];
beforeEach(async () => {
  server = await startExecServer();
  [opened, ends] = [0, []];
  server.onCommand(({ start, say, line }) => {
    opened += 1;
    const child = start();
    child.stdout.on('data', (data: Buffer) => say(CHANNEL.stdout, data));
    child.stderr.on('data', (data: Buffer) => say(CHANNEL.stderr, data));
    ends.push(new Promise((resolve) => child.once('exit', resolve)));
    line.once('close', () => child.kill('SIGKILL'));
  });
});
afterEach(() => server.end());

const verified = async () => undefined;
const { signal } = patiently();

test('Commands run one after another over one connection, each with its own input, output, and exit code.', async () => {
  const session = await openSession(server.target, verified);
  const run = (argv: string[], stdin?: string) => session.run({ argv, ...(stdin !== undefined && { stdin }) }, signal);
  expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
  expect(await run(['cat'], 'hello')).toEqual({ exitCode: 0, stdout: 'hello', stderr: '' });
  expect(await run(['cat'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(await run(['sh', '-s', '--', 'a b', `q'"$x`], 'printf "%s|" "$@"')).toMatchObject({ stdout: `a b|q'"$x|` });
  expect(opened).toBe(1);
});

test('Input that a command does not read is no command, and not the input of the next one.', async () => {
  const session = await openSession(server.target, verified);
  const lines = '\necho this must not run\n'.repeat(50_000);
  expect(await session.run({ argv: ['true'], stdin: lines }, signal)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(await session.run({ argv: ['sh', '-s'], stdin: `exit 3\n${lines}` }, signal)).toMatchObject({ exitCode: 3, stdout: '' });
  expect(await session.run({ argv: ['head', '-n', '1'], stdin: 'mine\n' }, signal)).toMatchObject({ stdout: 'mine\n' });
});

test('A command changes nothing for the next one, and keeps the variables of the pod.', async () => {
  server.onCommand(({ argv, line, say, start }) => {
    argv.unshift('env', 'line=of the pod', 'code=of the pod', 'go=of the pod');
    const child = start();
    child.stdout.on('data', (data: Buffer) => say(CHANNEL.stdout, data));
    child.stderr.on('data', (data: Buffer) => say(CHANNEL.stderr, data));
    line.once('close', () => child.kill('SIGKILL'));
  });
  const session = await openSession(server.target, verified);
  const show = ['sh', '-c', 'echo "$line, $code, $go, $#"'];
  await session.run({ argv: ['sh', '-c', 'cd / && umask 0'], stdin: 'x' }, signal);
  await session.run({ argv: ['false'] }, signal);
  expect(await session.run({ argv: show }, signal)).toMatchObject({ stdout: 'of the pod, of the pod, of the pod, 0\n' });
  expect(await session.run({ argv: ['pwd'] }, signal)).toMatchObject({ stdout: `${process.cwd()}\n` });
});

test('A command whose arguments have a line break gets a connection of its own.', async () => {
  const session = await openSession(server.target, verified);
  expect(await session.run({ argv: ['printf', '%s', 'two\nlines'] }, signal)).toMatchObject({ stdout: 'two\nlines' });
  expect(opened).toBe(2);
});

test('Nothing runs where the pod behind the connection is another one.', async () => {
  const gone = new Error('another pod');
  await expect(openSession(server.target, () => Promise.reject(gone))).rejects.toBe(gone);
});

test('The shell of a session ends when the session is closed.', async () => {
  server.onCommand(({ start, say }) => {
    const child = start();
    child.stdout.on('data', (data: Buffer) => say(CHANNEL.stdout, data));
    child.stderr.on('data', (data: Buffer) => say(CHANNEL.stderr, data));
    ends.push(new Promise((resolve) => child.once('exit', resolve)));
  });
  const session = await openSession(server.target, verified);
  await session.run({ argv: ['true'] }, signal);
  session.close();
  expect(await ends[0]).toBe(0);
});

test('A line that was cut off is not run.', async () => {
  const started = new Promise<string>((resolve) =>
    server.onCommand(({ start }) => {
      const child = start();
      let output = '';
      child.stdout.on('data', (data: Buffer) => (output += data));
      child.once('exit', () => resolve(output));
      child.stdin.end('echo this must not run');
    }),
  );
  await openSession(server.target, verified);
  expect(await started).toBe('');
});

test('An abort ends the session, as its command goes on; so does a lost connection.', async () => {
  const session = await openSession(server.target, verified);
  const stop = new AbortController();
  const sleeping = session.run({ argv: ['sleep', '60'] }, stop.signal);
  stop.abort(new Error('no longer wanted'));
  await expect(sleeping).rejects.toThrow('no longer wanted');
  await expectFailure(session.run({ argv: ['true'] }, signal), 'RuntimeUnavailable');
});

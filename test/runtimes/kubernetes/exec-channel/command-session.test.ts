import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHANNEL } from '../../../../src/runtimes/kubernetes/exec-channel/channels';
import { type CommandSession, openSession } from '../../../../src/runtimes/kubernetes/exec-channel/command-session';
import { makeTestPod, SHELLS, type TestPod } from '../../../support/hook-env';
import { type ExecServer, type OpenCommand, startExecServer } from '../../../support/kubernetes/exec-server';
import { expectFailure, patiently } from '../../../support/runtimes/contract-harness';

let server: ExecServer;
let opened: number;
let ends: Promise<number | null>[];
beforeEach(async () => {
  server = await startExecServer();
  [opened, ends] = [0, []];
  server.onCommand((command) => serve(command));
});
afterEach(() => server.end());

/** Runs a command on this machine, with variables, until its connection is closed. */
function serve({ argv, start, say, line }: OpenCommand, variables: string[] = [], { isKilled = true } = {}): void {
  opened += 1;
  argv.unshift('env', ...variables);
  const child = start();
  child.stdout.on('data', (data: Buffer) => say(CHANNEL.stdout, data));
  child.stderr.on('data', (data: Buffer) => say(CHANNEL.stderr, data));
  ends.push(new Promise((resolve) => child.once('exit', resolve)));
  if (isKilled) line.once('close', () => child.kill('SIGKILL'));
}

const verified = async () => undefined;
const { signal } = patiently();

describe.each(SHELLS)('In an image with %s,', (shell) => {
  let pod: TestPod;
  let session: CommandSession;
  beforeEach(async () => {
    pod = makeTestPod(shell);
    server.onCommand((command) => serve(command, [`PATH=${pod.env.PATH}`]));
    session = await openSession(server.target, verified);
  });
  afterEach(() => pod.remove());
  const run = (argv: string[], stdin?: string) => session.run({ argv, ...(stdin !== undefined && { stdin }) }, signal);

  test('commands run one after another over one connection, each with its own input, output, and exit code.', async () => {
    expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
    expect(await run(['cat'], 'hello')).toEqual({ exitCode: 0, stdout: 'hello', stderr: '' });
    expect(await run(['cat'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await run(['sh', '-s', '--', 'a b', `q'"$x`], 'printf "%s|" "$@"')).toMatchObject({ stdout: `a b|q'"$x|` });
    expect(opened).toBe(1);
  });

  test('input that a command does not read is no command, and not the input of the next one.', async () => {
    const lines = '\necho this must not run\n'.repeat(50_000);
    expect(await run(['true'], lines)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await run(['sh', '-s'], `exit 3\n${lines}`)).toMatchObject({ exitCode: 3, stdout: '' });
    expect(await run(['head', '-n', '1'], 'mine\n')).toMatchObject({ stdout: 'mine\n' });
  });
});

test('A command changes nothing for the next one, and keeps the variables of the pod.', async () => {
  server.onCommand((command) => serve(command, ['line=of the pod', 'code=of the pod', 'go=of the pod']));
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
  server.onCommand((command) => serve(command, [], { isKilled: false }));
  const session = await openSession(server.target, verified);
  await session.run({ argv: ['true'] }, signal);
  session.close();
  expect(await ends[0]).toBe(0);
});

test('Input that is left over where its reader dies is not run, and ends the session.', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'session-'));
  writeFileSync(path.join(folder, 'head'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  server.onCommand((command) => serve(command, [`PATH=${folder}:${process.env.PATH}`], { isKilled: false }));
  const session = await openSession(server.target, verified);
  await session.run({ argv: ['cat'], stdin: `touch ${folder}/made\n`.repeat(100) }, signal);
  expect(await ends[0]).toBe(0);
  expect(readdirSync(folder)).toEqual(['head']);
  rmSync(folder, { recursive: true });
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

import { setTimeout as delay } from 'node:timers/promises';
import { patiently, podSpec } from '../../support/runtimes/contract';
import { HOME, REF } from '../../support/runtimes/contract-harness';
import { KINDS, makeSandboxEnv, type SandboxEnv } from '../../support/runtimes/sandbox-env';
import { type TestStreams, testStreams } from '../../support/runtimes/shell-streams';
import { until } from '../../support/until';

const MIB = 1024 * 1024;
const TERMINAL = { columns: 44, rows: 33 };

describe.each(KINDS)('A shell on streams that are not those of the process (isolation: %s)', (isolation) => {
  let sandbox: SandboxEnv;
  beforeEach(async () => {
    sandbox = await makeSandboxEnv(isolation);
    const { identity } = await sandbox.runtime.prepareHome(HOME, patiently());
    await sandbox.runtime.startPod(podSpec({ build: 1, home: identity, image: 'starter:1' }), patiently());
  });
  afterEach(() => sandbox.end());

  const pod = { ...REF, build: 1 };
  const open = (streams: TestStreams, ...command: string[]) =>
    sandbox.runtime.shell(pod, { command, streams, signal: patiently().signal });
  const isRunning = async (line: string) =>
    (await sandbox.runtime.exec(pod, { argv: ['pgrep', '-fx', line] }, patiently().signal)).exitCode === 0;

  it('has a terminal of the size given, follows it, and passes on its exit code.', async () => {
    const streams = testStreams(TERMINAL);
    const seen = keepText(streams);
    const ended = open(streams);
    streams.stdin.write('echo "size: $(stty size)"\n');
    await until('the first size is seen', () => seen().includes('size: 33 44'));
    streams.resize({ columns: 60, rows: 50 });
    streams.stdin.write('echo "size: $(stty size) $TERM"; exit 9\n');
    expect(await ended).toBe(9);
    expect(seen()).toContain('size: 50 60 xterm');
  });

  it.each([
    ['terminal', TERMINAL],
    ['pipe', null],
  ])('hangs up what runs on a %s whose caller is gone, and spares what asked for that.', async (_, size) => {
    const streams = testStreams(size);
    const ended = open(streams, 'sh', '-c', 'nohup sleep 6161 >/dev/null 2>&1 & sleep 6262; true').catch(() => null);
    await until('both run', async () => (await isRunning('sleep 6161')) && (await isRunning('sleep 6262')));
    streams.stdin.destroy();
    streams.stdout.destroy();
    await until('one has ended', async () => !(await isRunning('sleep 6262')));
    await ended;
    expect(await isRunning('sleep 6161')).toBe(true);
  });

  it.each([
    ['terminal', TERMINAL],
    ['pipe', null],
  ])('waits for a caller that takes its output slowly on a %s, and loses nothing.', async (_, size) => {
    const streams = testStreams(size);
    const ended = open(streams, 'sh', '-c', 'seq 1 400000; echo "the last"');
    await delay(500);
    expect(streams.stdout.readableLength).toBeLessThan(MIB);
    const parts: Buffer[] = [];
    const reading = (async () => {
      for await (const part of streams.stdout) {
        parts.push(part as Buffer);
        if (parts.length % 10 === 0) await delay(1);
      }
    })();
    expect(await ended).toBe(0);
    streams.stdout.end();
    await reading;
    const text = Buffer.concat(parts).toString().replaceAll('\r\n', '\n');
    expect(text.length).toBe(2_688_904);
    expect(text.endsWith('400000\nthe last\n')).toBe(true);
  });

  it('takes input of any bytes, no faster than the program reads it.', async () => {
    const streams = testStreams();
    const ended = open(streams, 'sh', '-c', 'sleep 2; exec cat');
    const bytes = Buffer.from(Array.from({ length: 4 * MIB }, (_, at) => (at * 7) % 256));
    let written = 0;
    const writing = (async () => {
      for (let at = 0; at < bytes.length; at += 65_536, written = at)
        if (!streams.stdin.write(bytes.subarray(at, at + 65_536)))
          await new Promise((resolve) => streams.stdin.once('drain', resolve));
      streams.stdin.end();
    })();
    await delay(700);
    expect(written).toBeLessThan(2 * MIB);
    const output: Buffer[] = [];
    streams.stdout.on('data', (part: Buffer) => output.push(part));
    await writing;
    expect(await ended).toBe(0);
    await until('all of it is there', () => Buffer.concat(output).length >= bytes.length);
    expect(Buffer.concat(output).equals(bytes)).toBe(true);
  });

  it('ends a program that writes on when its caller has closed the output.', async () => {
    const streams = testStreams();
    const ended = open(streams, 'yes');
    await until('it writes', () => streams.stdout.readableLength > 0);
    streams.stdout.destroy();
    expect(await ended).not.toBe(0);
  });

  it('gets the signals of the keys of a caller’s terminal where it has none itself.', async () => {
    const streams = testStreams();
    const ended = open(streams, 'sh', '-c', 'trap "exit 55" INT; echo ready; while :; do sleep 0.1; done');
    await until('it runs', () => streams.stdout.readableLength > 0);
    streams.press('SIGINT');
    expect(await ended).toBe(55);
  });
});

function keepText({ stdout }: TestStreams): () => string {
  let text = '';
  stdout.on('data', (data: Buffer) => {
    text += data.toString('utf8');
  });
  return () => text;
}

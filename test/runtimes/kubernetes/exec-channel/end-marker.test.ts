import { spawnSync } from 'node:child_process';
import {
  createMarker,
  GO,
  markedCommand,
  readMarked,
  streamedCommand,
} from '../../../../src/runtimes/kubernetes/exec-channel/end-marker';
import { cpuTimeMs } from '../../../support/cpu-time';

const KEEP_BYTES = 1_000;

/** Runs a command as a container would, and reads both streams as they would come. */
function run(argv: string[], input = '') {
  const marker = createMarker();
  const [program = '', ...args] = markedCommand(marker, { argv, stdinBytes: Buffer.byteLength(input) });
  // A shell that may not look into a folder of its PATH answers 126 for a missing program. More than was counted out is never read.
  const ended = spawnSync(program, args, { input: `${GO}${input}more`, env: { PATH: '/usr/local/bin:/usr/bin:/bin' } });
  const read = (bytes: Buffer) => {
    const stream = readMarked(marker, KEEP_BYTES);
    for (let at = 0; at < bytes.length; at += 7) stream.push(bytes.subarray(at, at + 7));
    return stream;
  };
  const [stdout, stderr] = [read(ended.stdout), read(ended.stderr)];
  expect(stderr.exitCode()).toBe(stdout.exitCode());
  return { exitCode: stdout.exitCode(), stdout: stdout.content().toString(), stderr: stderr.content().toString() };
}

test.each([
  [['true'], 0],
  [['sh', '-c', 'exit 7'], 7],
  [['sh', '-c', 'exit 255'], 255],
  [['sh', '-c', 'kill -9 $$'], 137],
  [['sh', '-c', 'kill -TERM $$'], 143],
])('The command %j ends with exit code %d and says nothing.', (argv, exitCode) => {
  expect(run(argv)).toEqual({ exitCode, stdout: '', stderr: '' });
});

test('A missing program ends with 127, as in a shell.', () => {
  expect(run(['no-such-program'])).toMatchObject({
    exitCode: 127,
    stdout: '',
    stderr: expect.stringContaining('no-such-program'),
  });
});

test('Arguments arrive unchanged, and output keeps its end, with or without a line break.', () => {
  const words = ['a b', '', `q'"$x`, 'two\nlines', 'ü'];
  expect(run(['printf', '%s|', ...words]).stdout).toBe(words.map((word) => `${word}|`).join(''));
  expect(run(['sh', '-c', 'echo out; echo err >&2'])).toEqual({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
});

test('A command gets exactly its own input, and need not read it.', () => {
  expect(run(['cat'], 'hello')).toMatchObject({ exitCode: 0, stdout: 'hello' });
  expect(run(['cat'])).toMatchObject({ exitCode: 0, stdout: '' });
  expect(run(['true'], 'x'.repeat(1_000_000)).exitCode).toBe(0);
});

test('A command that is never started does nothing, and has no exit code.', () => {
  const marker = createMarker();
  for (const stdinBytes of [0, 4]) {
    const [program = '', ...args] = markedCommand(marker, { argv: ['echo', 'begun'], stdinBytes });
    const { stdout, stderr } = spawnSync(program, args, { input: '', encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  }
});

test('Of long output the end is kept.', () => {
  const { stdout, exitCode } = run(['seq', '1', '5000']);
  expect({ exitCode, length: stdout.length, end: stdout.slice(-5) }).toEqual({ exitCode: 0, length: KEEP_BYTES, end: '5000\n' });
});

test('A stream that was cut off has no exit code, however much of the marker arrived.', () => {
  const marker = createMarker();
  const stream = readMarked(marker, KEEP_BYTES);
  stream.push(Buffer.from(`some output${marker.text}:0`));
  expect(stream.exitCode()).toBeNull();
  stream.push(Buffer.from(';'));
  expect(stream.exitCode()).toBe(0);
  expect(stream.content().toString()).toBe('some output');
});

test('A streamed command gets all of its input, and has its marker on both streams.', () => {
  const marker = createMarker();
  const [program = '', ...args] = streamedCommand(marker, ['sh', '-c', 'cat; exit 3']);
  const { stdout, stderr } = spawnSync(program, args, { input: 'all of it', encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: `all of it${marker.text}:3;`, stderr: `${marker.text}:3;` });
});

test.each([
  [1, 1],
  [100, 5],
  [65_536, 5],
])('Output in pieces of %d bytes takes no longer than its length asks for, and its end is kept.', (piece, times) => {
  const keepBytes = 256 * 1024;
  const bytes = Buffer.from(Array.from({ length: 400_000 }, (_, at) => `${at % 10}`).join(''));
  const marker = createMarker();
  const stream = readMarked(marker, keepBytes);
  const all = Buffer.concat([...Array.from({ length: times }, () => bytes), Buffer.from(`${marker.text}:12;`)]);
  const usedMs = cpuTimeMs(() => {
    for (let at = 0; at < all.length; at += piece) stream.push(all.subarray(at, at + piece));
  });
  expect(usedMs).toBeLessThan(3_000);
  expect(stream.exitCode()).toBe(12);
  expect(stream.content().equals(bytes.subarray(-keepBytes))).toBe(true);
});

test('Data after the marker is no output, in the same piece or in later ones.', () => {
  const marker = createMarker();
  const stream = readMarked(marker, KEEP_BYTES);
  stream.push(Buffer.from(`said${marker.text}:0;${'more'.repeat(KEEP_BYTES)}`));
  stream.push(Buffer.from('and more'));
  expect([stream.exitCode(), stream.content().toString()]).toEqual([0, 'said']);
});

/** What a shell sees of a command whose output cannot be written, with real files, pipes, and processes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const PRINT = path.join(__dirname, '..', 'support', 'cli', 'print.cjs');
const PROGRAM = path.join(__dirname, '..', '..', 'bin', 'perennial.mjs');
const SCHEDULE = 'schedule --time 09:00 --time-zone Europe/Berlin --from 2027-03-01 --days 60 --json';
const FULL = 'standard output could not be written: ENOSPC';

// Each begins several processes, one after the other, which takes a while on a busy machine.
jest.setTimeout(240_000);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-output-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A line of bash, in which `$print` prints as the command does, and `$perennial` is the command; its status is the first program's. */
function bash(line: string): { status: number | null; error: string } {
  const env = { ...process.env, print: `${process.execPath} ${PRINT}`, perennial: `${process.execPath} ${PROGRAM}` };
  const { status, stderr } = spawnSync('bash', ['-c', `${line}; exit \${PIPESTATUS[0]}`], { env, cwd: folder, encoding: 'utf8' });
  return { status, error: stderr };
}

test('A command that ended well fails where its output is lost, and standard error says why.', () => {
  const { status, error } = bash(`$perennial ${SCHEDULE} >/dev/full`);
  expect({ status, error }).toEqual({ status: 1, error: expect.stringContaining(`perennial: Failed: ${FULL}`) });
  expect(bash(`$perennial ${SCHEDULE} >/dev/null`)).toEqual({ status: 0, error: '' });
});

test('A command that failed fails where its output is lost, with the code that it has.', () => {
  expect(bash('$print 3 100 0 >/dev/full')).toEqual({ status: 1, error: expect.stringContaining(FULL) });
  expect(bash('$print 3 100 0 >/dev/null')).toEqual({ status: 3, error: '' });
  expect(bash('$perennial stats 2>/dev/full').status).toBe(2);
});

test('A command that continues ends as soon as its output is lost.', () => {
  expect(bash('$print 0 100 10 >/dev/full')).toEqual({ status: 1, error: expect.stringContaining(FULL) });
});

test('A file that takes a part of it only is lost output too.', () => {
  const { status, error } = bash(`ulimit -f 1; $perennial ${SCHEDULE} >part`);
  expect(readFileSync(path.join(folder, 'part'), 'utf8')).not.toBe('');
  expect({ status, error }).toEqual({ status: 1, error: expect.stringContaining('standard output could not be written: EFBIG') });
});

test('What can only be said on standard error, and cannot be said there, is a failure without a word.', () => {
  expect(bash(`$perennial ${SCHEDULE} 2>/dev/full`)).toEqual({ status: 0, error: '' });
  expect(bash('$perennial list --address 127.0.0.1:9 2>/dev/full').status).toBe(1);
});

test('A reader that closes the pipe is no fault: nothing is printed, and a command that has ended has its own code.', () => {
  expect(bash('$print 0 0 0 | head -n 1')).toEqual({ status: 0, error: '' });
  expect(bash('$print 3 0 0 | head -n 1')).toEqual({ status: 3, error: '' });
});

test('A command whose reader has gone before its end is known ends quietly too, and not as if it had gone well.', () => {
  expect(bash('$print 0 100 1000 | head -n 1')).toEqual({ status: 141, error: '' });
});

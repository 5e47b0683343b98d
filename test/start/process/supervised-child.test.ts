/** A program of the stack that ends before it is ready, and how often it is tried. */
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type SupervisedChild, superviseChild } from '../../../src/start/process/supervised-child';
import { until } from '../../support/until';

let folder: string;
const children: SupervisedChild[] = [];
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-child-'));
});
afterAll(async () => {
  await Promise.all(children.map((child) => child.end()));
  rmSync(folder, { recursive: true });
});

/** Runs a line of shell that finds in `$COUNT` a file of its own. */
function supervise(
  name: string,
  { script, starts, onSpawn = () => undefined }: { script: string; starts: number; onSpawn?: () => void },
) {
  const file = (ending: string) => path.join(folder, `${name}.${ending}`);
  const said: string[] = [];
  const child = superviseChild({
    name,
    program: '/bin/sh',
    args: ['-c', script],
    env: { ...process.env, COUNT: file('count') },
    logFile: file('log'),
    graceMs: 1_000,
    starts,
    say: (line) => said.push(line),
    onSpawn,
  });
  children.push(child);
  return { child, said, begun: () => readFileSync(file('count'), 'utf8').length };
}

test('A child with a single start is given up when it ends, with the end of its log.', async () => {
  const { child, begun } = supervise('single', { starts: 1, script: 'printf x >> "$COUNT"; echo why; exit 3' });
  await expect(child.failed).rejects.toThrow(/the single ended before it was ready \(exit code 3\); from its log .*:\nwhy$/);
  expect(begun()).toBe(1);
});

test('A child with three starts is given up after the third.', async () => {
  const { child, begun, said } = supervise('triple', { starts: 3, script: 'printf x >> "$COUNT"; exit 2' });
  await expect(child.failed).rejects.toThrow('the triple ended before it was ready (exit code 2)');
  expect(begun()).toBe(3);
  expect(said).toEqual(Array(2).fill('the triple ended (exit code 2); starting it again'));
});

test('A child that ends at first and then stays is not given up.', async () => {
  const script = 'printf x >> "$COUNT"; [ -s "$COUNT" ] && [ "$(cat "$COUNT")" = xx ] && exec sleep 600; exit 2';
  const { child, begun, said } = supervise('second', { starts: 3, script });
  let isGivenUp = false;
  child.failed.catch(() => {
    isGivenUp = true;
  });
  await until(() => said.length > 0 && begun() === 2);
  child.keep();
  await child.end();
  expect(isGivenUp).toBe(false);
});

test('What an earlier one wrote to the log is not taken for the words of this one.', async () => {
  writeFileSync(path.join(folder, 'later.log'), 'panic: long ago\n');
  const { child } = supervise('later', { starts: 1, script: 'echo now; exit 2' });
  await expect(child.failed).rejects.toThrow(/from its log .*:\nnow$/);
  writeFileSync(path.join(folder, 'silent.log'), 'panic: long ago\n');
  await expect(supervise('silent', { starts: 1, script: 'exit 2' }).child.failed).rejects.toThrow(/it wrote nothing to its log/);
});

test('The report on a child that panicked has its reason, and not the end of its trace.', async () => {
  const trace = Array.from({ length: 50 }, (_, line) => `goroutine ${line}`).join('\n');
  const { child } = supervise('panicking', { starts: 1, script: `printf 'panic: the port is taken\n%s\n' '${trace}'; exit 2` });
  const failure = await child.failed.catch((error: Error) => error.message);
  expect(failure).toContain('\npanic: the port is taken\ngoroutine 0\n');
  expect(failure).not.toContain('goroutine 49');
});

test('A supervised child is started again also where its log or its record has no room for a while.', async () => {
  const script = 'printf x >> "$COUNT"; while [ ! -e "$COUNT.end" ]; do sleep 0.05; done; rm "$COUNT.end"';
  let spawns = 0;
  const onSpawn = () => {
    spawns += 1;
    if (spawns === 2) throw new Error('no space left on device');
  };
  const { child, begun, said } = supervise('kept', { starts: 1, script, onSpawn });
  const endOne = () => writeFileSync(path.join(folder, 'kept.count.end'), '');
  await until(() => spawns === 1);
  child.keep();
  endOne();
  await until(() => said.includes('the kept could not be started again: no space left on device'));
  await until(() => begun() === 2);
  // A folder cannot be opened as a log.
  const log = path.join(folder, 'kept.log');
  rmSync(log);
  mkdirSync(log);
  endOne();
  await until(() => said.some((line) => line.includes('EISDIR')));
  rmdirSync(log);
  await until(() => spawns === 3);
  await child.end();
});

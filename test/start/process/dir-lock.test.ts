import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { identifyProcess } from '../../../src/runtimes/sandbox/process/identity';
import { lockDir, readDirHolder } from '../../../src/start/process/dir-lock';

let dir: string;
beforeEach(() => {
  dir = path.join(mkdtempSync(path.join(os.tmpdir(), 'perennial-lock-')), 'stack');
});
afterEach(() => rmSync(path.dirname(dir), { recursive: true, force: true }));

function leaveTicket(number: number, holder: unknown): void {
  mkdirSync(path.join(dir, 'locks'), { recursive: true });
  writeFileSync(path.join(dir, 'locks', String(number)), JSON.stringify(holder));
}

test('A folder without a holder is made and locked, and then held by this process.', () => {
  expect(readDirHolder(dir)).toBeNull();
  expect(existsSync(dir)).toBe(false);
  lockDir(dir);
  expect(readDirHolder(dir)).toEqual(identifyProcess(process.pid));
});

test('A folder that a living process has is refused with its pid.', async () => {
  const holder = spawn('sleep', ['60']);
  await once(holder, 'spawn');
  leaveTicket(3, identifyProcess(holder.pid ?? 0));
  expect(() => lockDir(dir)).toThrow(`process ${holder.pid}`);
  expect(readdirSync(path.join(dir, 'locks'))).toEqual(['3']);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  lockDir(dir);
  expect(readDirHolder(dir)?.pid).toBe(process.pid);
});

test('A pid that was given to another process since holds nothing.', () => {
  leaveTicket(1, { pid: process.pid, startedAt: 'another time' });
  lockDir(dir);
  expect(readdirSync(path.join(dir, 'locks'))).toEqual(['2']);
});

test('A ticket that cannot be read, as after a crash of the machine, holds nothing.', () => {
  mkdirSync(path.join(dir, 'locks'), { recursive: true });
  writeFileSync(path.join(dir, 'locks', '7'), '');
  lockDir(dir);
  expect(readDirHolder(dir)?.pid).toBe(process.pid);
});

test('Of many processes that take an abandoned folder at once exactly one gets it.', async () => {
  const { pid } = spawnSync('true');
  leaveTicket(1, { pid, startedAt: 'long ago' });
  const takers = Array.from({ length: 6 }, () =>
    spawn(process.execPath, [path.join(__dirname, '..', '..', 'support', 'start', 'take-lock.cjs'), dir]),
  );
  const answers = await Promise.all(takers.map(async (taker) => String((await once(taker.stdout, 'data'))[0]).trim()));
  expect(answers.sort()).toEqual(['refused', 'refused', 'refused', 'refused', 'refused', 'taken']);
  for (const taker of takers) taker.kill('SIGKILL');
  await Promise.all(takers.map((taker) => once(taker, 'exit')));
});

test('A folder that cannot be made is refused with a sentence that names the option.', () => {
  mkdirSync(path.dirname(dir), { recursive: true });
  writeFileSync(dir, 'a file');
  expect(() => lockDir(dir)).toThrow(/^--dir: expected a folder that can be made and written to \(.*\)$/);
});

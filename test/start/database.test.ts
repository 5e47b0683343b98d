/** What a start makes of the database that an earlier one left on DIR, with the real server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { setAsideUnfinished } from '../../src/start/temporal/database';
import { endAllStarts, launchStart, START_LIMIT_MS } from '../support/start/start-process';

const NAMES = ['temporal.db', 'temporal.db-wal', 'temporal.db-shm'];

jest.setTimeout(START_LIMIT_MS);

let dir: string;
beforeEach(() => {
  dir = path.join(mkdtempSync(path.join(os.tmpdir(), 'perennial-database-')), 'dir');
  mkdirSync(dir, { mode: 0o700 });
});
afterEach(async () => {
  await endAllStarts();
  rmSync(path.dirname(dir), { recursive: true, force: true });
});

const start = () =>
  launchStart({ script: path.join(__dirname, '..', 'support', 'start', 'run-start.cjs'), args: ['--dir', dir, '--no-first'] });
const tie = () => readFileSync(path.join(dir, 'namespace.json'), 'utf8');

/** The server of a first start, killed as soon as `isTime` holds. */
async function killFirstServer(isTime: () => boolean): Promise<void> {
  const cli = process.env.PERENNIAL_TEST_TEMPORAL_CLI ?? 'temporal';
  const ports = ['--port', '0', '--headless'];
  const database = ['--db-filename', 'temporal.db', '--namespace', 'perennial', '--sqlite-pragma', 'journal_mode=WAL'];
  const child = spawn(cli, ['server', 'start-dev', ...ports, ...database], { cwd: dir, stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (!isTime() && child.exitCode === null) await turn();
  child.kill('SIGKILL');
  await ended;
}

test('A database that was only just begun when the first start was killed is put aside, and the next start makes a new one.', async () => {
  writeFileSync(path.join(dir, 'temporal.db'), '');
  const first = start();
  await first.untilSaid(/^ready /m);
  expect(first.output()).toMatch(/put aside/);
  const tied = tie();
  expect(await first.end('SIGTERM')).toBe(0);
  const second = start();
  await second.untilSaid(/^ready /m);
  expect(second.output()).not.toMatch(/put aside/);
  expect(tie()).toBe(tied);
});

test('A server that was killed while it made its tables keeps no later start from its way.', async () => {
  const sizeOf = (name: string) => statSync(path.join(dir, name), { throwIfNoEntry: false })?.size ?? 0;
  for (const isTime of [() => existsSync(path.join(dir, 'temporal.db')), () => sizeOf('temporal.db-wal') > 300_000]) {
    await killFirstServer(isTime);
    const started = start();
    await started.untilSaid(/^ready /m);
    expect(await started.end('SIGTERM')).toBe(0);
    for (const name of [...NAMES, 'namespace.json']) rmSync(path.join(dir, name), { force: true });
  }
});

test('A database counts as begun as soon as the name of the namespace stands in it or in its log, wherever the pieces are cut.', () => {
  const said: string[] = [];
  const setAside = () => setAsideUnfinished({ dir, namespace: 'perennial', say: (line) => said.push(line) });
  setAside();
  for (const name of ['temporal.db', 'temporal.db-wal']) {
    for (const before of [0, 100, 65_530, 65_536, 1_000_000]) {
      writeFileSync(path.join(dir, 'temporal.db'), 'begun');
      writeFileSync(path.join(dir, name), `${'x'.repeat(before)}perennial`);
      setAside();
      expect(said).toEqual([]);
      expect(existsSync(path.join(dir, 'temporal.db'))).toBe(true);
      rmSync(path.join(dir, name));
    }
  }
  for (const name of NAMES) writeFileSync(path.join(dir, name), 'no more than a beginning');
  setAside();
  expect(said).toEqual([expect.stringContaining('put aside')]);
  expect(readdirSync(dir).sort()).toEqual(NAMES.map((name) => name.replace('temporal.db', 'unfinished-temporal.db')).sort());
});

/** What DIR holds is for who started the stack, whatever mask the process has and whatever modes were there before. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endAllStarts, launchStart, START_LIMIT_MS, type StartProcess } from '../support/start/start-process';

const isRoot = process.getuid?.() === 0;
const PASSAGE = isRoot ? 0o711 : 0o700;
const OTHER_UID = 65_534;

jest.setTimeout(START_LIMIT_MS);

let folder: string;
let mask: number;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-private-'));
  chmodSync(folder, 0o755);
  mask = process.umask(0o022);
});
afterEach(async () => {
  await endAllStarts();
  process.umask(mask);
  rmSync(folder, { recursive: true, force: true });
});

const modeOf = (file: string): string => (statSync(file).mode & 0o7777).toString(8);

async function startOn(dir: string): Promise<StartProcess> {
  const started = launchStart({
    script: path.join(__dirname, '..', 'support', 'start', 'run-start.cjs'),
    args: ['--dir', dir, '--no-first'],
  });
  await started.untilSaid(/^ready /m);
  return started;
}

/** Everything under DIR but what a stand-in for the worker wrote, with its mode. */
function modesIn(dir: string): Record<string, string> {
  const names = (readdirSync(dir, { recursive: true }) as string[]).filter(
    (name) => name !== 'workers' && !/^locks\//.test(name),
  );
  return Object.fromEntries(names.sort().map((name) => [name, modeOf(path.join(dir, name))]));
}

const WHOLE = {
  locks: '700',
  logs: '700',
  'logs/gateway.log': '600',
  'logs/server.log': '600',
  'logs/worker.log': '600',
  'namespace.json': '600',
  'processes.json': '600',
  'stack.json': '600',
  'temporal.db': '600',
  'temporal.db-shm': '600',
  'temporal.db-wal': '600',
};

function whatOthersRead(dir: string): string[] {
  const read = (name: string) => spawnSync('cat', [path.join(dir, name)], { uid: OTHER_UID, gid: OTHER_UID });
  return Object.keys(WHOLE).filter((name) => read(name).status === 0);
}

test('A DIR that the start makes, and all in it, is for its user alone.', async () => {
  const dir = path.join(folder, 'parent', 'stack');
  await startOn(dir);
  expect(modesIn(dir)).toEqual(WHOLE);
  expect([modeOf(dir), modeOf(path.dirname(dir))]).toEqual([PASSAGE.toString(8), '755']);
  if (isRoot) expect(whatOthersRead(dir)).toEqual([]);
});

test('A DIR from before, which all could read, is closed; what else lies in it, and where links lead, is left alone.', async () => {
  const dir = path.join(folder, 'stack');
  const first = await startOn(dir);
  expect(await first.end('SIGTERM')).toBe(0);
  for (const name of ['homes', 'records', 'sandboxes']) mkdirSync(path.join(dir, name));
  for (const name of ['logs/server.log.1', 'mine.txt']) writeFileSync(path.join(dir, name), '');
  spawnSync('chmod', ['-R', 'a+rX', dir]);
  const elsewhere = path.join(folder, 'elsewhere');
  writeFileSync(elsewhere, '');
  symlinkSync(elsewhere, path.join(dir, 'logs', 'link'));
  await startOn(dir);
  expect(modesIn(dir)).toEqual({
    ...WHOLE,
    'logs/server.log.1': '600',
    'logs/link': '644',
    records: '700',
    sandboxes: '700',
    homes: PASSAGE.toString(8),
    'mine.txt': '644',
  });
  expect([modeOf(dir), modeOf(elsewhere)]).toEqual(['755', '644']);
  if (isRoot) expect(whatOthersRead(dir)).toEqual([]);
});

test('What the worker makes keeps to the mask of who started the stack, since sandboxes inherit it.', async () => {
  const dir = path.join(folder, 'stack');
  await startOn(dir);
  expect(modeOf(path.join(dir, 'workers'))).toBe('644');
  expect(readFileSync(path.join(dir, 'workers'), 'utf8')).not.toBe('');
});

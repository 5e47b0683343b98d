/** Two real Temporal servers, and the DIR of one of them: the other has no say about it. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectClient } from '../../src/client';
import { registerSearchAttributes } from '../../src/worker/namespace';
import { endAllStarts, launchStart, readStack, START_LIMIT_MS, type StartProcess } from '../support/start/start-process';

const root = path.join(__dirname, '..', '..');
const HOME = 'f00d';

jest.setTimeout(START_LIMIT_MS);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-two-'));
});
afterEach(async () => {
  await endAllStarts();
  rmSync(folder, { recursive: true, force: true });
});

const dirOf = (name: string) => path.join(folder, name);

async function start(name: string): Promise<StartProcess> {
  const started = launchStart({
    script: path.join(__dirname, '..', 'support', 'start', 'run-start.cjs'),
    args: ['--dir', dirOf(name), '--no-first'],
  });
  await started.untilSaid(/^ready /m);
  // As a worker does, so that the server can tell whose workspaces there are.
  const { temporal, close } = await connectClient({ address: readStack(dirOf(name)).temporal.address });
  await registerSearchAttributes(temporal).finally(close);
  return started;
}

/** A program of the checkout, with the server of one stack and the DIR of another. */
function run(script: string, args: string[], given: { server: string; dir: string }): Promise<{ code: number; said: string }> {
  const { address } = readStack(dirOf(given.server)).temporal;
  const env = { ...process.env, TEMPORAL_ADDRESS: address, PERENNIAL_DIR: dirOf(given.dir) };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [path.join(root, script), ...args], { env }, (_error, out, error) =>
      resolve({ code: child.exitCode ?? -1, said: out + error }),
    );
  });
}

function makeOrphan(dir: string): string {
  const home = path.join(dir, 'homes', HOME);
  mkdirSync(path.join(home, '.perennial'), { recursive: true });
  writeFileSync(path.join(home, '.perennial', 'home'), 'token\n');
  mkdirSync(path.join(dir, 'records'), { recursive: true });
  const { ino, birthtimeNs } = statSync(home, { bigint: true });
  const names = { id: HOME, owner: 'ada', name: 'dev', organization: 'default', disk: '10Gi' };
  const record = { ...names, identity: 'token', inode: `${ino}/${birthtimeNs}`, createdAt: 0, uid: null, seeded: false };
  writeFileSync(path.join(dir, 'records', `${HOME}.json`), JSON.stringify(record));
  return home;
}

test('Homes of a DIR are purged by the answers of its own server only, and no worker of another server serves it.', async () => {
  await Promise.all([start('mine'), start('other')]);
  const home = makeOrphan(dirOf('mine'));
  const purge = ['orphans', 'purge', '--all', '--yes'];
  const foreign = await run('bin/perennial.mjs', purge, { server: 'other', dir: 'mine' });
  expect(foreign).toMatchObject({ code: 1, said: expect.stringContaining(`${dirOf('mine')} belongs to the Temporal namespace`) });
  const worker = await run('scripts/worker.mjs', [], { server: 'other', dir: 'mine' });
  expect(worker).toMatchObject({ code: 1, said: expect.stringContaining(`${dirOf('mine')} belongs to the Temporal namespace`) });
  expect(existsSync(home)).toBe(true);
  expect(await run('bin/perennial.mjs', purge, { server: 'mine', dir: 'mine' })).toMatchObject({ code: 0 });
  expect(existsSync(home)).toBe(false);
});

test('A start whose server has lost its histories does not take over the homes that were there, and says why.', async () => {
  const first = await start('mine');
  expect(await first.end('SIGTERM')).toBe(0);
  const tie = readFileSync(path.join(dirOf('mine'), 'namespace.json'), 'utf8');
  for (const name of ['temporal.db', 'temporal.db-wal', 'temporal.db-shm'])
    rmSync(path.join(dirOf('mine'), name), { force: true });
  const args = ['--dir', dirOf('mine'), '--no-first'];
  const second = launchStart({ script: path.join(__dirname, '..', 'support', 'start', 'run-start.cjs'), args });
  expect(await second.exited).toBe(1);
  expect(second.output()).toMatch(/^perennial: .* belongs to the Temporal namespace with the id .*namespace\.json$/m);
  expect(readFileSync(path.join(dirOf('mine'), 'namespace.json'), 'utf8')).toBe(tie);
});

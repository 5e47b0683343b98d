import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectClient } from '../../src/client';
import { readStack } from '../support/start/start-process';
import { until } from '../support/until';

const ROOT = path.join(__dirname, '..', '..');
const LIMIT_MS = 180_000;
const isRoot = process.getuid?.() === 0;
const UID = isRoot ? 1000 : (process.getuid?.() ?? 1000);

let folder: string;
let child: ChildProcess | null = null;
let output = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-user-'));
  chmodSync(folder, 0o755);
  output = '';
});
afterEach(async () => {
  const ended = child === null || child.exitCode !== null ? null : once(child, 'close');
  child?.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}, LIMIT_MS);

/** Runs the stack as a user who is not root, after what root does to the machine that this process alone sees. */
function startAsUser(before = 'true'): void {
  const home = path.join(folder, 'user');
  mkdirSync(home);
  chownSync(home, UID, isRoot ? UID : (process.getgid?.() ?? -1));
  // Root's own copy may lie where nobody else can read.
  const cli = path.join(folder, 'temporal');
  copyFileSync(process.env.PERENNIAL_TEST_TEMPORAL_CLI ?? '', cli);
  chmodSync(cli, 0o755);
  const node = [process.execPath, path.join(ROOT, 'scripts/start.mjs'), '--dir', path.join(home, 'stack')];
  const args = [...node, '--images', path.join(ROOT, 'images'), '--temporal-port', '0', '--ui-port', '0'];
  const drop = ['setpriv', '--reuid', String(UID), '--regid', String(UID), '--clear-groups'];
  const script = `${before} && exec ${drop.join(' ')} "$@"`;
  const [program = '', ...rest] = isRoot ? ['unshare', '--mount', 'sh', '-c', script, 'sh', ...args] : args;
  const env = { PATH: process.env.PATH, HOME: home, PERENNIAL_TEMPORAL_CLI: cli };
  child = spawn(program, rest, { env, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: Buffer) => {
      output += text;
    });
  }
}

/** Whether the machine lets that user make namespaces of his own. */
function mayIsolate(): boolean {
  const options = isRoot ? { uid: UID, gid: UID } : {};
  const trial = ['--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp'];
  return spawnSync('unshare', trial, { ...options, stdio: 'ignore' }).status === 0;
}

async function expectFirstWorkspace(): Promise<{ warnings: string[] }> {
  await until('the start is ready', () => {
    if (child?.exitCode !== null) throw new Error(`the start ended:\n${output}`);
    return /^ready /m.test(output);
  });
  expect(output).toMatch(/configure: done/);
  const dir = path.join(folder, 'user/stack');
  const homes = path.join(dir, 'homes');
  const [home = ''] = readdirSync(homes);
  const log = path.join(homes, home, '.perennial/logs/build-1/configure.log');
  expect(readFileSync(log, 'utf8')).not.toBe('');
  expect(statSync(log).uid).toBe(UID);
  const client = await connectClient({ address: readStack(dir).temporal.address });
  try {
    const { state, build } = await client.workspace('you', 'first').status();
    expect({ state, failure: build?.failure }).toEqual({ state: 'running', failure: null });
    return { warnings: build?.warnings ?? [] };
  } finally {
    await client.close();
  }
}

test(
  'An ordinary user’s stack builds the first workspace, and its hook runs.',
  async () => {
    startAsUser();
    const { warnings } = await expectFirstWorkspace();
    if (mayIsolate()) expect(warnings).toEqual([]);
  },
  LIMIT_MS,
);

// Only root can have a machine that forbids what this one allows.
if (isRoot)
  test(
    'So it does where the machine gives no isolation, and the build says why.',
    async () => {
      startAsUser('mount --bind /dev/null /usr/bin/unshare');
      const { warnings } = await expectFirstWorkspace();
      expect(warnings.join()).toMatch(/no isolation.*user namespaces were tried and failed|no isolation.*by user namespaces/);
    },
    LIMIT_MS,
  );

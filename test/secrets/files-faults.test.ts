/** The file store while processes are killed, disks are full, and writers conflict: every process and mount is a real one. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { withLock } from '../../src/runtimes/sandbox/lock/file-lock';
import { createFileStore, openFileStore } from '../../src/secrets/files';
import type { RecordKey } from '../../src/secrets/store';

const SUPPORT = path.join(__dirname, '..', 'support');
const KEY: RecordKey = { kind: 'secret', holder: 'owner/ada', name: 'COUNTER' };
const CANARY = 'canary-value';
const RECORD = { value: Buffer.from(CANARY), description: {} };

let dir: string;
let keys: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'perennial-keys-'));
  keys = path.join(dir, 'keys');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function start(mode: string, number?: number): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  const script = [
    path.join(SUPPORT, 'secrets', 'store-child.cjs'),
    keys,
    mode,
    ...(number === undefined ? [] : [String(number)]),
  ];
  const child = spawn(process.execPath, ['-r', path.join(SUPPORT, 'typescript-hook.cjs'), ...script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return child as ReturnType<typeof start>;
}

/** The version in the store, after a check that the value is that version's and whole. */
async function wholeVersion(): Promise<number> {
  const found = await createFileStore(keys).get(KEY);
  if (found === null) return 0;
  const { version, filler } = JSON.parse(found.value.toString());
  expect([found.version, filler]).toEqual([version, String(version % 10).repeat(100_000)]);
  return version;
}

const strayFiles = () => readdirSync(keys).filter((name) => !['.lock', 'secret'].includes(name));

test('A writer that is killed at any moment leaves the old record or the new one, and what it reported holds.', async () => {
  for (let round = 0; round < 8; round += 1) {
    const child = start('write');
    const output = text(child.stdout);
    await once(child.stdout, 'data');
    await delay(Math.random() * 60);
    child.kill('SIGKILL');
    const reported = Number((await output).trim().split('\n').at(-1));
    const found = await wholeVersion();
    expect([reported, reported + 1]).toContain(found);
  }
  const version = await wholeVersion();
  expect(version).toBeGreaterThanOrEqual(8);
  const { version: next } = await createFileStore(keys).put(KEY, RECORD, version);
  expect(next).toBe(version + 1);
  expect(strayFiles()).toEqual([]);
});

test('Killed before any one of its changes to files, a put left the old record or the new one, and the next start or put removes its draft.', async () => {
  const store = createFileStore(keys);
  await once(start('count', 1), 'exit');
  const outcomes = new Set<number>();
  for (let crash = 1; ; crash += 1) {
    const before = await wholeVersion();
    const child = start('crash', crash);
    const [code] = await once(child, 'exit');
    const after = await wholeVersion();
    outcomes.add(after - before);
    expect([0, 1]).toContain(after - before);
    if (code === 0) break;
    if (crash % 2 === 0) {
      await openFileStore(keys);
      expect(strayFiles()).toEqual([]);
    }
    const value = Buffer.from(JSON.stringify({ version: after + 1, filler: String((after + 1) % 10).repeat(100_000) }));
    expect(await store.put(KEY, { value, description: {} }, after)).toMatchObject({ version: after + 1 });
    expect(strayFiles()).toEqual([]);
    expect(crash).toBeLessThan(30);
  }
  expect([...outcomes].sort()).toEqual([0, 1]);
});

test('A record is flushed before it takes the place of the old one, and its folder after it, so that a power cut leaves one of both.', async () => {
  await once(start('count', 1), 'exit');
  const trace = (await text(start('trace').stdout)).trim().split('\n');
  const record = 'secret/owner/ada/+c+o+u+n+t+e+r.json';
  expect(trace.filter((line) => !line.startsWith(`open ${record}`) && !line.startsWith('mkdir'))).toEqual([
    'rm .draft',
    'open .draft',
    'writeFile .draft',
    'sync .draft',
    'rename .draft',
    'open secret/owner/ada',
    'sync secret/owner/ada',
  ]);
});

test('Six processes that raise one counter by compare-and-set lose no step.', async () => {
  const children = Array.from({ length: 6 }, () => start('count', 15));
  const exits = await Promise.all(children.map((child) => once(child, 'exit')));
  expect(exits.map(([code]) => code)).toEqual(Array(6).fill(0));
  expect(await wholeVersion()).toBe(90);
});

describe('On a disk of its own', () => {
  const mounted: string[] = [];
  afterEach(() => {
    for (const folder of mounted.splice(0)) execFileSync('umount', ['-l', folder]);
  });

  /** False where this machine does not allow it: only root can mount. */
  function mountSmall(): boolean {
    mkdirSync(keys);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', keys], { stdio: 'ignore' });
      mounted.push(keys);
      return true;
    } catch {
      return false;
    }
  }

  function fill(): string {
    const filler = path.join(keys, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(1024 * 1024));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
    return filler;
  }

  test('A put on a full disk fails with RuntimeUnavailable, the old value is read, and the next put after it succeeds.', async () => {
    if (!mountSmall()) return;
    const store = createFileStore(keys);
    await store.put(KEY, RECORD);
    const filler = fill();
    const failure = await store.put(KEY, { value: Buffer.from('next-canary'), description: {} }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'RuntimeUnavailable', message: expect.stringMatching(/COUNTER.*ENOSPC/) });
    expect(String((failure as Error).stack)).not.toContain('canary');
    await expect(store.delete(KEY)).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
    expect(await createFileStore(keys).get(KEY)).toMatchObject({ version: 1, value: RECORD.value });
    rmSync(filler);
    expect(await store.put(KEY, RECORD, 1)).toMatchObject({ version: 2 });
    expect(strayFiles()).toEqual([]);
  });

  test('A disk that fills in the middle of a large put keeps the old value and no part of the new one, and does not block the next put.', async () => {
    if (!mountSmall()) return;
    const store = createFileStore(keys);
    await store.put(KEY, RECORD);
    const large = { value: Buffer.alloc(400 * 1024, CANARY), description: {} };
    for (let attempt = 0; attempt < 3; attempt += 1)
      await expect(store.put(KEY, large)).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
    expect(await store.get(KEY)).toMatchObject({ version: 1, value: RECORD.value });
    expect(strayFiles()).toEqual([]);
    expect(await store.put(KEY, RECORD, 1)).toMatchObject({ version: 2 });
  });

  test('A lock whose holder finds the disk full at its end is released all the same.', async () => {
    if (!mountSmall()) return;
    const lock = { folder: path.join(keys, '.lock'), signal: AbortSignal.timeout(60_000) };
    const filler = await withLock(lock, async () => fill());
    rmSync(filler);
    await withLock(lock, async () => undefined);
  });

  test('On a disk that became read-only values are read and listed, and changes fail with RuntimeUnavailable.', async () => {
    if (!mountSmall()) return;
    const store = createFileStore(keys);
    await store.put(KEY, RECORD);
    execFileSync('mount', ['-o', 'remount,ro', keys]);
    expect(await store.get(KEY)).toMatchObject({ value: RECORD.value });
    expect(await store.list({ kind: 'secret', holder: 'owner/ada' })).toHaveLength(1);
    await expect(store.put(KEY, RECORD)).rejects.toMatchObject({
      type: 'RuntimeUnavailable',
      message: expect.stringMatching(/EROFS/),
    });
    await expect(store.delete(KEY)).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
    execFileSync('mount', ['-o', 'remount,rw', keys]);
    expect(await store.put(KEY, RECORD, 1)).toMatchObject({ version: 2 });
  });
});

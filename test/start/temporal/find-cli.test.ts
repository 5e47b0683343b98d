import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { CHECKSUMS } from '../../../src/start/temporal/download-cli';
import { findTemporalCli } from '../../../src/start/temporal/find-cli';

const PLATFORMS = ['darwin_amd64', 'darwin_arm64', 'linux_amd64', 'linux_arm64'];

let folder: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-cli-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers `--version` like the Temporal CLI of that version. */
function fakeProgram({ name, script }: { name: string; script: string }): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const fakeCli = (name: string, version: string) =>
  fakeProgram({ name, script: `echo "temporal version ${version} (Server 1.29.1, UI 2.42.1)"` });

interface Search {
  setting?: string;
  folders?: string[];
  downloadUrl?: string;
  checksums?: Record<string, string>;
  signal?: AbortSignal;
}

const find = (given: Search) =>
  findTemporalCli({
    setting: given.setting,
    searchPath: (given.folders ?? []).map((name) => path.join(folder, name)).join(':'),
    cacheDir: path.join(folder, 'cache'),
    // Port 9 takes no connections, so this is a site out of reach.
    downloadUrl: given.downloadUrl ?? 'http://127.0.0.1:9',
    ...(given.checksums && { checksums: given.checksums }),
    env: { PATH: `${path.join(folder, 'go')}:/usr/bin:/bin` },
    say: (line) => said.push(line),
    signal: given.signal ?? new AbortController().signal,
  });

const cached = () => path.join(folder, 'cache', 'temporal-cli-1.5.1', 'temporal');

test('The setting takes precedence.', async () => {
  fakeCli('bin/temporal', '1.9.0');
  const chosen = fakeCli('chosen/temporal', '1.5.0');
  await expect(find({ setting: chosen, folders: ['bin'] })).resolves.toBe(chosen);
});

test('A setting that is no Temporal CLI is refused, not passed over.', async () => {
  fakeCli('bin/temporal', '1.9.0');
  await expect(find({ setting: path.join(folder, 'none'), folders: ['bin'] })).rejects.toThrow(
    /PERENNIAL_TEMPORAL_CLI.*none is not there/,
  );
});

test('The first program on the PATH that is new enough is taken, and older ones are passed over.', async () => {
  fakeCli('old/temporal', '1.4.9');
  mkdirSync(path.join(folder, 'odd', 'temporal'), { recursive: true });
  const newer = fakeCli('new/temporal', '1.10.0');
  await expect(find({ folders: ['missing', 'old', 'odd', 'new'] })).resolves.toBe(newer);
});

test('A folder on the PATH that cannot be looked into is passed over, as an ordinary user finds one of root’s.', async () => {
  symlinkSync('loop', path.join(folder, 'loop'));
  mkdirSync(path.join(folder, 'closed'), { mode: 0 });
  const usable = fakeCli('bin/temporal', '1.9.0');
  await expect(find({ folders: ['loop', 'closed', 'bin'] })).resolves.toBe(usable);
});

test('The cache comes after the PATH.', async () => {
  fakeCli('cache/temporal-cli-1.5.1/temporal', '1.5.1');
  await expect(find({})).resolves.toBe(cached());
  expect(said).toEqual([]);
});

describe('with a site to download from', () => {
  let site: Server;
  let url: string;
  let asked: string[];
  let archive: Buffer;
  beforeEach(async () => {
    fakeCli('archive/temporal', '1.5.1');
    archive = spawnSync('tar', ['-czf', '-', '-C', path.join(folder, 'archive'), 'temporal']).stdout;
    asked = [];
    site = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(archive);
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const address = site.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  afterEach(() => new Promise((resolve) => site.close(resolve)));

  /** The sums of the archive as it is, for whichever platform this is. */
  const known = () => Object.fromEntries(PLATFORMS.map((name) => [name, createHash('sha256').update(archive).digest('hex')]));

  test('What is nowhere on the machine is downloaded once, into the cache.', async () => {
    const given = { downloadUrl: url, checksums: known() };
    await expect(find(given)).resolves.toBe(cached());
    await expect(find(given)).resolves.toBe(cached());
    expect(asked).toEqual([expect.stringMatching(/^\/v1\.5\.1\/temporal_cli_1\.5\.1_(linux|darwin)_(amd64|arm64)\.tar\.gz$/)]);
    expect(readdirSync(path.dirname(cached()))).toEqual(['temporal']);
  });

  test('An archive that is not the known one is refused with both sums, and nothing of it is run or kept.', async () => {
    const trace = path.join(folder, 'was-run');
    fakeProgram({ name: 'archive/temporal', script: `touch ${trace}` });
    archive = spawnSync('tar', ['-czf', '-', '-C', path.join(folder, 'archive'), 'temporal']).stdout;
    const sum = createHash('sha256').update(archive).digest('hex');
    const failure = find({ downloadUrl: url });
    await expect(failure).rejects.toThrow(
      new RegExp(`download: .*expected an archive with the SHA-256 [0-9a-f]{64}, got one with ${sum}`),
    );
    expect([existsSync(trace), readdirSync(path.dirname(cached()))]).toEqual([false, []]);
  });

  test('An archive cut off half-way leaves nothing in the cache.', async () => {
    const checksums = known();
    archive = archive.subarray(0, archive.length / 2);
    await expect(find({ downloadUrl: url, checksums })).rejects.toThrow(/expected an archive with the SHA-256/);
    expect(existsSync(cached())).toBe(false);
  });

  test('For a platform of which no sum is known nothing is asked for, and it is built instead.', async () => {
    fakeProgram({ name: 'go/go', script: `cp ${fakeCli('built/temporal', '1.5.1')} "$GOBIN/temporal"` });
    await expect(find({ downloadUrl: url, checksums: {} })).resolves.toBe(cached());
    expect(asked).toEqual([]);
    expect(said.join('\n')).toMatch(/download: no Temporal CLI \(no checksum of an archive for \w+ is known\)/);
  });
});

test('A sum is known for each platform that there is an archive for.', () => {
  expect(Object.keys(CHECKSUMS).sort()).toEqual(PLATFORMS);
  for (const sum of Object.values(CHECKSUMS)) expect(sum).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set(Object.values(CHECKSUMS)).size).toBe(PLATFORMS.length);
});

test('Where nothing can be downloaded it is built with Go, with its version linked in.', async () => {
  const script = `echo "$@" > ${folder}/arguments; cp ${fakeCli('built/temporal', '1.5.1')} "$GOBIN/temporal"`;
  fakeProgram({ name: 'go/go', script });
  await expect(find({})).resolves.toBe(cached());
  expect(said.some((line) => line.includes('about 4 to 10 minutes'))).toBe(true);
});

test('When all fails the error lists all that was tried.', async () => {
  fakeCli('old/temporal', '1.4.9');
  fakeProgram({ name: 'go/go', script: 'echo "no such module" >&2; exit 3' });
  const failure = find({ folders: ['old'] });
  await expect(failure).rejects.toThrow(/PATH: .*old\/temporal is version 1\.4\.9/);
  await expect(failure).rejects.toThrow(/cache: .*temporal is not there/);
  await expect(failure).rejects.toThrow(/download: .*127\.0\.0\.1:9/);
  await expect(failure).rejects.toThrow(/go install: go ended with exit code 3: no such module/);
});

test('On a signal to end while it builds, it ends the build and leaves nothing behind.', async () => {
  fakeProgram({ name: 'go/go', script: 'sleep 60' });
  const ending = new AbortController();
  const failure = find({ signal: ending.signal });
  const building = setInterval(() => said.some((line) => line.startsWith('building')) && ending.abort(), 20);
  await expect(failure).rejects.toThrow('aborted');
  clearInterval(building);
  expect(readdirSync(path.dirname(cached()))).toEqual([]);
});

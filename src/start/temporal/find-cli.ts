import { execFile } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Say } from '../progress';
import { StartRefusal } from '../start-refusal';
import { buildCli } from './build-cli';
import { CLI_VERSION, downloadCli } from './download-cli';

/** A program on the PATH may be newer than the downloaded version. */
const OLDEST_USABLE = [1, 5] as const;

export interface CliSearch {
  /** The user's own choice, which is taken or refused, never passed over; undefined when none was made. */
  setting: string | undefined;
  /** `PATH` of the environment. */
  searchPath: string;
  /** Perennial's folder in the user's cache. */
  cacheDir: string;
  env: NodeJS.ProcessEnv;
  say: Say;
  signal: AbortSignal;
  /** The official site, or a stand-in for it with archives of its own. */
  downloadUrl?: string;
  checksums?: Record<string, string>;
}

/** Finds the Temporal CLI, or gets it: setting, PATH, cache, official download, and at last a build from its sources. */
export async function findTemporalCli(search: CliSearch): Promise<string> {
  if (search.setting !== undefined) return checkSetting(search.setting);
  const tried: string[] = [];
  // Absolute, since the server has another working folder.
  const cached = path.resolve(search.cacheDir, `temporal-cli-${CLI_VERSION}`, 'temporal');
  const found = (await findOnPath(search.searchPath, tried)) ?? (await findInCache(cached, tried));
  if (found !== null) return found;

  for (const [what, get] of [
    ['download', downloadCli],
    ['go install', buildCli],
  ] as const) {
    search.signal.throwIfAborted();
    try {
      await getInto(cached, (folder) => get({ ...search, version: CLI_VERSION, folder }));
      search.say(`the Temporal CLI is in ${cached}`);
      return cached;
    } catch (error) {
      search.signal.throwIfAborted();
      const problem = error instanceof Error ? error.message : String(error);
      tried.push(`${what}: ${problem}`);
      search.say(`${what}: no Temporal CLI (${problem})`);
    }
  }
  throw new StartRefusal(
    `the Temporal CLI, version ${OLDEST_USABLE.join('.')} or newer, was not found and could not be fetched; install it, or name it in PERENNIAL_TEMPORAL_CLI. Tried:\n  ${tried.join('\n  ')}`,
  );
}

async function checkSetting(file: string): Promise<string> {
  const answer = await askVersion(file);
  if (answer.ok) return path.resolve(file);
  throw new StartRefusal(`PERENNIAL_TEMPORAL_CLI: expected a Temporal CLI, but ${file} ${answer.problem}`);
}

async function findOnPath(searchPath: string, tried: string[]): Promise<string | null> {
  for (const folder of searchPath.split(path.delimiter).filter(path.isAbsolute)) {
    const file = path.join(folder, 'temporal');
    if (!isFile(file)) continue;
    const answer = await askVersion(file);
    if (answer.ok && isUsable(answer.version)) return file;
    tried.push(`PATH: ${file} ${answer.ok ? `is version ${answer.version}` : answer.problem}`);
  }
  if (tried.length === 0) tried.push('PATH: no program named temporal');
  return null;
}

async function findInCache(file: string, tried: string[]): Promise<string | null> {
  const answer = await askVersion(file);
  if (answer.ok) return file;
  tried.push(`cache: ${file} ${answer.problem}`);
  return null;
}

async function askVersion(file: string): Promise<{ ok: true; version: string } | { ok: false; problem: string }> {
  if (!isFile(file)) return { ok: false, problem: 'is not there' };
  try {
    const { stdout } = await promisify(execFile)(file, ['--version'], { timeout: 30_000 });
    const version = /version (\d+\.\d+\.\S+)/.exec(stdout)?.[1];
    return version === undefined ? { ok: false, problem: 'does not say its version' } : { ok: true, version };
  } catch (error) {
    return { ok: false, problem: `cannot be run (${error instanceof Error ? error.message.trim() : String(error)})` };
  }
}

// A PATH may name folders that cannot be read, such as another user's.
function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isUsable(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_USABLE[0] || (major === OLDEST_USABLE[0] && minor >= OLDEST_USABLE[1]);
}

// Renamed into place, so that an interrupted start leaves no incomplete program there.
async function getInto(file: string, get: (folder: string) => Promise<string>): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const folder = mkdtempSync(path.join(path.dirname(file), 'fetching-'));
  try {
    const got = await get(folder);
    const answer = await askVersion(got);
    if (!answer.ok) throw new Error(`what came ${answer.problem}`);
    renameSync(got, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

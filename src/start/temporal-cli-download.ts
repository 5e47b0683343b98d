import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { type Say, withHeartbeat } from './progress';

export const DOWNLOAD_URL = 'https://temporal.download';
/** Where the site cannot be reached, the answer must come soon: a build is the next thing to try. */
const ANSWER_LIMIT_MS = 5_000;
const TRANSFER_LIMIT_MS = 600_000;

export interface CliDownload {
  version: string;
  /** An empty folder of our own. */
  folder: string;
  say: Say;
  signal: AbortSignal;
  downloadUrl?: string;
}

/** Downloads and unpacks the official archive; resolves with the program's path. */
export async function downloadCli({ version, folder, say, signal, downloadUrl = DOWNLOAD_URL }: CliDownload): Promise<string> {
  const url = `${downloadUrl}/cli/archive/v${version}?platform=${platform()}&arch=${arch()}`;
  const doing = `downloading the Temporal CLI ${version} (60 MB, about 10 to 60 s)`;
  say(doing);
  await withHeartbeat({ say, doing }, async () => unpack(await request(url, signal), folder));
  const file = path.join(folder, 'temporal');
  if (!existsSync(file)) throw new Error(`the archive of ${url} holds no file "temporal"`);
  return file;
}

/** Whether the official downloads can be reached from here, asked for a few seconds at most. */
export async function canDownload({ path: what, signal }: { path: string; signal: AbortSignal }): Promise<boolean> {
  try {
    const { body } = await request(`${DOWNLOAD_URL}/${what}`, signal);
    await body?.cancel();
    return true;
  } catch {
    return false;
  }
}

function platform(): string {
  if (process.platform === 'linux' || process.platform === 'darwin') return process.platform;
  throw new Error(`there is no archive for the platform ${process.platform}`);
}

function arch(): string {
  const name = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (name === undefined) throw new Error(`there is no archive for the processor ${process.arch}`);
  return name;
}

// The short limit ends with the first answer; the transfer that follows has a longer one of its own.
async function request(url: string, signal: AbortSignal): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new Error(`${url} did not answer within ${ANSWER_LIMIT_MS / 1_000} s`)),
    ANSWER_LIMIT_MS,
  );
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, limit.signal, AbortSignal.timeout(TRANSFER_LIMIT_MS)]),
    });
    if (response.ok) return response;
    throw new Error(`it answered ${response.status}`);
  } catch (error) {
    if (limit.signal.aborted) throw limit.signal.reason;
    signal.throwIfAborted();
    throw new Error(`${url} could not be reached (${reasonOf(error)})`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** What fetch throws says no more than that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { message?: string }; message?: string };
  return cause?.message || message || String(error);
}

async function unpack(response: Response, folder: string): Promise<void> {
  if (response.body === null) throw new Error('the archive is empty');
  const tar = spawn('tar', ['-xzf', '-', '-C', folder], { stdio: ['pipe', 'ignore', 'pipe'] });
  const exited = once(tar, 'exit');
  await pipeline(Readable.fromWeb(response.body as ReadableStream), tar.stdin);
  const [code] = await exited;
  if (code !== 0) throw new Error(`the archive could not be unpacked: tar ended with exit code ${code}`);
}

import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { runTool } from '../process/run-tool';
import { type Say, withHeartbeat } from '../progress';

/** The releases of the CLI's own repository. */
export const DOWNLOAD_URL = 'https://github.com/temporalio/cli/releases/download';

/** The version that is downloaded; also that of the sources which are built where this cannot be. */
export const CLI_VERSION = '1.5.1';

/** SHA-256 of that version's archives. Another version needs others, and a platform that is not listed is never downloaded. */
export const CHECKSUMS: Record<string, string> = {
  darwin_amd64: 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
  darwin_arm64: 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
  linux_amd64: 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
  linux_arm64: 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
};

/** Where the site cannot be reached, the answer must come soon: a build is the next thing to try. */
const ANSWER_LIMIT_MS = 5_000;
const TRANSFER_LIMIT_MS = 600_000;

export interface CliDownload {
  /** An empty folder of our own, which the caller removes when this fails. */
  folder: string;
  env: NodeJS.ProcessEnv;
  say: Say;
  signal: AbortSignal;
  downloadUrl?: string;
  checksums?: Record<string, string>;
}

/** Downloads the official archive, and unpacks it if it is the known one; resolves with the program's path. */
export async function downloadCli(download: CliDownload): Promise<string> {
  const { folder, env, say, signal, downloadUrl = DOWNLOAD_URL, checksums = CHECKSUMS } = download;
  const platform = platformName();
  const expected = checksums[platform];
  if (expected === undefined) throw new Error(`no checksum of an archive for ${platform} is known`);
  const url = `${downloadUrl}/v${CLI_VERSION}/temporal_cli_${CLI_VERSION}_${platform}.tar.gz`;
  const doing = `downloading the Temporal CLI ${CLI_VERSION} (60 MB, about 10 to 60 s)`;
  say(doing);
  const archive = path.join(folder, 'archive.tar.gz');
  const sum = await withHeartbeat({ say, doing }, async () => save(await request(url, signal), archive));
  if (sum !== expected) throw new Error(`${url}: expected an archive with the SHA-256 ${expected}, got one with ${sum}`);
  await runTool({ program: 'tar', args: ['-xzf', archive, '-C', folder], env, signal });
  const file = path.join(folder, 'temporal');
  if (!existsSync(file)) throw new Error(`the archive of ${url} holds no file "temporal"`);
  return file;
}

/** The platform as the names of the archives have it. */
function platformName(): string {
  const processor = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch;
  return `${process.platform}_${processor}`;
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

/** Resolves with the SHA-256 of what came. */
async function save(response: Response, file: string): Promise<string> {
  if (response.body === null) throw new Error('the archive is empty');
  const hash = createHash('sha256');
  const source = Readable.fromWeb(response.body as ReadableStream);
  source.on('data', (chunk: Buffer) => hash.update(chunk));
  await pipeline(source, createWriteStream(file));
  return hash.digest('hex');
}

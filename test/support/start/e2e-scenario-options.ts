import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectClient, type PerennialClient, type WorkspaceHandle } from '../../../src/client';
import type { StatusView } from '../../../src/contract/payloads';
import { until } from '../until';
import { endAllStarts, launchStart, readStack, type StartProcess } from './start-process';

/** The one setting, and what follows from it: images differ, and so does where one looks for what is left. */
export interface LifeSetting {
  runtime: 'sandbox' | 'kubernetes';
  /** Two images of one user; the first has a /coder/configure. */
  image: string;
  nextImage: string;
  /** Makes an empty file in the home of a workspace while one of its hooks runs. */
  touch(at: { dir: string; id: string; build: number; file: string }): Promise<void>;
  /** What is left on the runtime: pods, homes, and processes of workspaces. */
  traces(folder: string): Promise<string[]>;
}

export const LIFE_LIMIT_MS = 300_000;

const PATIENCE_MS = 180_000;
const OWNER = 'ada';

/** A stack of its own on the runtime, and what is done there from outside; `dev` is the workspace where none is named. */
export interface Life {
  setting: LifeSetting;
  folder(): string;
  dir(): string;
  start(): StartProcess;
  client(): PerennialClient;
  workspace(name?: string): WorkspaceHandle;
  /** Runs `perennial` to its end. */
  perennial(...args: string[]): Promise<{ code: number; out: string; error: string }>;
  /** What a script prints in the running workspace. */
  inside(script: string): Promise<string>;
  logOf(step: string): Promise<string>;
  untilState(state: StatusView['state'], name?: string): Promise<true>;
  /** Waits until a build is over, and expects that it went well. */
  untilRunning(build: number): Promise<void>;
}

/** Starts the stack before all tests of a file, and ends it after them. */
export function giveLife(setting: LifeSetting): Life {
  let folder: string;
  let start: StartProcess;
  let client: PerennialClient;
  const dir = () => path.join(folder, 'stack');

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-life-'));
    // Homes are entered by the images' own users.
    chmodSync(folder, 0o755);
    const script = path.join(__dirname, '..', '..', '..', 'scripts', 'start.mjs');
    // The images of the tests are in no registry.
    const env = { PERENNIAL_FIRST_IMAGE: setting.image, PERENNIAL_KUBERNETES_IMAGE_PULL_POLICY: 'IfNotPresent' };
    start = launchStart({ script, args: ['--dir', dir(), '--runtime', setting.runtime], env });
    await start.untilSaid(/^ready /m);
    client = await connectClient({ address: readStack(dir()).temporal.address });
  }, LIFE_LIMIT_MS);

  afterAll(async () => {
    await client.close();
    await endAllStarts();
    rmSync(folder, { recursive: true, force: true });
  }, LIFE_LIMIT_MS);

  const workspace = (name = 'dev') => client.workspace(OWNER, name);
  const perennial = (...args: string[]) => runCommandLine(dir(), args);
  return {
    setting,
    folder: () => folder,
    dir,
    start: () => start,
    client: () => client,
    workspace,
    perennial,
    inside: async (script) => (await perennial('shell', 'ada/dev', '--', 'sh', '-c', script)).out.trim(),
    logOf: async (step) => (await perennial('logs', 'ada/dev', '--step', step)).out.trim(),
    untilState: (state, name = 'dev') =>
      until(`${name} is ${state}`, async () => (await workspace(name).status()).state === state, { patienceMs: PATIENCE_MS }),
    untilRunning: async (build) => {
      await until(`build ${build} is over`, async () => {
        const status = await workspace().status();
        return status.build?.number === build && status.build.endedAt !== null;
      });
      expect(await workspace().status()).toMatchObject({ state: 'running', build: { number: build, failure: null } });
    },
  };
}

function runCommandLine(dir: string, args: string[]): Promise<{ code: number; out: string; error: string }> {
  const program = path.join(__dirname, '..', '..', '..', 'bin', 'perennial.mjs');
  const env = { ...process.env, PERENNIAL_DIR: dir };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { env }, (_error, out, error) =>
      resolve({ code: child.exitCode ?? -1, out, error }),
    );
  });
}

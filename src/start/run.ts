import { once } from 'node:events';
import path from 'node:path';
import { adviseOnStack } from './advice';
import { makeFirstWorkspace } from './first-workspace';
import { parseStartOptions, type StartOptions, USAGE } from './options';
import { createProgress } from './progress';
import { endSandboxes } from './sandboxes';
import { type Stack, startStack } from './stack';
import { StartRefusal } from './start-refusal';
import { findTemporalCli } from './temporal/find-cli';

export interface StartRun {
  args: string[];
  env: NodeJS.ProcessEnv;
  /** What the environment says, read by the entry. */
  settings: StartSettings;
  /** The worker's compiled entry. */
  workerScript: string;
  /** The gateway's compiled entry. */
  gatewayScript: string;
  /** The file of the `perennial` command. */
  command: string;
  write(text: string): void;
  writeError(text: string): void;
  /** Aborts when the stack has to end. */
  signal: AbortSignal;
}

export interface StartSettings {
  dir: string;
  temporalCli: string | undefined;
  searchPath: string;
  cacheDir: string;
  /** The file of the cluster, for the runtime kubernetes. */
  kubeconfig: string | undefined;
  /** The image of the first workspace on a cluster, which has none of the starter images. */
  firstImage: string;
}

const SANDBOX_IMAGE = 'starter:1';
const NEXT_SANDBOX_IMAGE = 'starter:2';

/** Runs the embedded stack until the signal aborts; resolves with the exit code. */
export async function runStart(run: StartRun): Promise<number> {
  try {
    const options = parseStartOptions(run.args, { dir: run.settings.dir, images: 'images' });
    if (options === null) run.write(USAGE);
    else await runStack(run, options);
    return 0;
  } catch (error) {
    // Aborted while it was starting: everything that was started has ended.
    if (run.signal.aborted) return 0;
    run.writeError(`perennial: ${error instanceof StartRefusal ? error.message : describeUnexpected(error)}\n`);
    return error instanceof StartRefusal ? error.exitCode : 1;
  }
}

async function runStack(run: StartRun, options: StartOptions): Promise<void> {
  const { signal, write } = run;
  if (options.runtime === 'kubernetes' && !run.settings.kubeconfig) {
    throw new StartRefusal('--runtime kubernetes: expected KUBECONFIG to name the file of a cluster, got nothing');
  }
  const image = options.runtime === 'sandbox' ? SANDBOX_IMAGE : run.settings.firstImage;
  const nextImage = options.runtime === 'sandbox' ? NEXT_SANDBOX_IMAGE : image;
  const { say, elapsedSeconds } = createProgress({ write });
  const stack = await startStack({
    options,
    env: { ...run.env, PERENNIAL_FIRST_IMAGE: image },
    workerScript: run.workerScript,
    gatewayScript: run.gatewayScript,
    findCli: () => findTemporalCli({ ...run.settings, setting: run.settings.temporalCli, env: run.env, say, signal }),
    // Pods of a cluster live on, and are found again.
    endSandboxes: async () => (options.runtime === 'sandbox' ? endSandboxes(options) : undefined),
    say,
    signal,
  });
  try {
    // Raced, because a question to a workspace may hang while the stack ends.
    const isEnding = untilAborted(signal);
    if (options.makesFirst)
      await Promise.race([isEnding, makeFirstWorkspace({ connection: stack.connection, image, say, signal })]);
    signal.throwIfAborted();
    write(
      `ready in ${elapsedSeconds()} s: Web UI ${stack.ui}, Temporal ${stack.temporal.address}, gateway ${stack.gateway}, everything is kept in ${options.dir}\n`,
    );
    if (options.makesFirst)
      write(adviseOnStack({ stack, dir: options.dir, command: run.command, nextImage, isCliOnPath: isOnPath(stack, run) }));
    await isEnding;
  } finally {
    say('ending: worker and gateway drain, then the sandboxes and the server end (up to 30 s)');
    await stack.end();
    say('ended; the next start on the same folder goes on from here');
  }
}

const isOnPath = (stack: Stack, run: StartRun): boolean =>
  run.settings.searchPath.split(path.delimiter).includes(path.dirname(stack.cli));

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

const describeUnexpected = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

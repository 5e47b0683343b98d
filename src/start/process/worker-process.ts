import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessIdentity } from '../../runtimes/sandbox/process/identity';
import type { Say } from '../progress';
import { StartRefusal } from '../start-refusal';
import { superviseChild } from './supervised-child';

/** Bundling the workflows takes 2 s, on a busy machine above 10. */
const READY_LIMIT_MS = 120_000;
/** Longer than the 10 s after which the worker ends its own waiting for tasks; hooks run on in their sandboxes meanwhile. */
const GRACE_MS = 12_000;

export interface WorkerSpec {
  /** The worker's compiled entry. */
  script: string;
  dir: string;
  images: string;
  runtime: string;
  temporal: { address: string; namespace: string };
  env: NodeJS.ProcessEnv;
  say: Say;
  signal: AbortSignal;
  onSpawn(identity: ProcessIdentity | null): void;
}

export interface WorkerProcess {
  pid(): number | null;
  end(): Promise<void>;
}

/** Starts the worker as a process of its own, and resolves when it polls; from then on it is started again when it dies. */
export async function startWorkerProcess(spec: WorkerSpec): Promise<WorkerProcess> {
  let markReady = (): void => {};
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  const child = superviseChild({
    name: 'worker',
    program: process.execPath,
    args: ['--enable-source-maps', spec.script],
    env: workerEnv(spec),
    logFile: logFile(spec),
    graceMs: GRACE_MS,
    // What keeps it from starting is a setting, or a namespace of another runtime: trying again would change nothing.
    starts: 1,
    say: spec.say,
    onSpawn: spec.onSpawn,
    onMessage: (message) => {
      if (isReadyMessage(message)) markReady();
    },
  });
  try {
    await Promise.race([ready, child.failed, rejectUnready(spec)]);
  } catch (error) {
    await child.end();
    throw error;
  }
  child.keep();
  return child;
}

const logFile = (spec: WorkerSpec) => path.join(spec.dir, 'logs', 'worker.log');

const workerEnv = (spec: WorkerSpec): NodeJS.ProcessEnv => ({
  ...spec.env,
  TEMPORAL_ADDRESS: spec.temporal.address,
  TEMPORAL_NAMESPACE: spec.temporal.namespace,
  PERENNIAL_RUNTIME: spec.runtime,
  PERENNIAL_DIR: spec.dir,
  PERENNIAL_IMAGES: spec.images,
});

const isReadyMessage = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;

async function rejectUnready(spec: WorkerSpec): Promise<never> {
  // The timer must not keep a stack alive that has long been ready and has ended.
  await delay(READY_LIMIT_MS, undefined, { signal: spec.signal, ref: false });
  throw new StartRefusal(`the worker was not ready within ${READY_LIMIT_MS / 1_000} s; see ${logFile(spec)}`);
}

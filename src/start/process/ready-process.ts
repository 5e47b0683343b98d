import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessIdentity } from '../../runtimes/sandbox/process/identity';
import type { Say } from '../progress';
import { StartRefusal } from '../start-refusal';
import { superviseChild } from './supervised-child';

/** A program of Perennial's own that sends `{ ready: true }` when it does its work. */
export interface ReadyProcessSpec {
  /** As it is called in sentences, and the name of its log: `worker`. */
  name: string;
  /** Its compiled entry. */
  script: string;
  dir: string;
  env: NodeJS.ProcessEnv;
  readyWithinMs: number;
  /** Milliseconds from SIGTERM to SIGKILL. */
  graceMs: number;
  say: Say;
  signal: AbortSignal;
  onSpawn(identity: ProcessIdentity | null): void;
}

export interface ReadyProcess {
  pid(): number | null;
  end(): Promise<void>;
}

/** Starts a program as a process of its own, and resolves when it is ready; from then on it is started again when it dies. */
export async function startReadyProcess(spec: ReadyProcessSpec): Promise<ReadyProcess> {
  let markReady = (): void => {};
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  const child = superviseChild({
    name: spec.name,
    program: process.execPath,
    args: ['--enable-source-maps', spec.script],
    env: spec.env,
    logFile: logFile(spec),
    graceMs: spec.graceMs,
    // What keeps it from starting is a setting, a taken port, or a namespace of another runtime: trying again would change nothing.
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

const logFile = ({ dir, name }: ReadyProcessSpec) => path.join(dir, 'logs', `${name}.log`);

const isReadyMessage = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'ready' in message && message.ready === true;

async function rejectUnready(spec: ReadyProcessSpec): Promise<never> {
  // The timer must not keep a stack alive that has long been ready and has ended.
  await delay(spec.readyWithinMs, undefined, { signal: spec.signal, ref: false });
  throw new StartRefusal(`the ${spec.name} was not ready within ${spec.readyWithinMs / 1_000} s; see ${logFile(spec)}`);
}

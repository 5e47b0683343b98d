import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identifyProcess, type ProcessIdentity } from '../../runtimes/sandbox/process/identity';
import type { Say } from '../progress';
import { StartRefusal } from '../start-refusal';
import { endProcess } from './end-process';

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const LONGEST_PAUSE_MS = 5_000;
/** A process that ran for this long has started well, so the next start needs no backoff. */
const STEADY_MS = 30_000;

const SHOWN_LINES = 8;
/** Matches the first line of a crash report of a Go program. */
const PANIC = /^(?:panic|fatal error): /;

export interface ChildSpec {
  /** As it is called in sentences: `Temporal server`. */
  name: string;
  program: string;
  args: string[];
  /** Its working folder; that of this process when left out. */
  cwd?: string;
  /** What others may not do with the files that it makes; as with this process when left out. */
  umask?: number;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** Milliseconds from SIGTERM to SIGKILL. */
  graceMs: number;
  /** How many starts it is given to become ready; it is given up when the last of them ends before `keep` was called. */
  starts: number;
  say: Say;
  /** Called for each new process, so that its identity is written to DIR immediately. */
  onSpawn(identity: ProcessIdentity | null): void;
  onMessage?(message: unknown): void;
}

export interface SupervisedChild {
  pid(): number | null;
  /** From here on it is started again whenever it dies. */
  keep(): void;
  /** Rejects, with what its log says of it, when it is given up before `keep` was called. Never resolves. */
  failed: Promise<never>;
  end(): Promise<void>;
}

/** Runs a program of the stack in a process group of its own, so that Ctrl-C reaches only us and all ends in order. */
export function superviseChild(spec: ChildSpec): SupervisedChild {
  turnLog(spec.logFile);
  const stopping = new AbortController();
  let isKept = false;
  let identity: ProcessIdentity | null = null;
  let running = Promise.resolve('');

  const failed = new Promise<never>((_, reject) => {
    const launch = (attempt: number): void => {
      const startedAt = Date.now();
      const logFrom = sizeOf(spec.logFile);
      const child = spawnLogged(spec);
      identity = child.pid === undefined ? null : identifyProcess(child.pid);
      running = ended(child);
      void running.then((how) => {
        if (stopping.signal.aborted) return;
        if (!isKept && attempt + 1 >= spec.starts)
          return reject(
            new StartRefusal(`the ${spec.name} ended before it was ready (${how})${logExcerpt(spec.logFile, logFrom)}`),
          );
        spec.say(`the ${spec.name} ended (${how}); starting it again`);
        return launchAgain(isKept && Date.now() - startedAt > STEADY_MS ? 0 : attempt + 1);
      });
      spec.onSpawn(identity);
    };
    // A disk that is full for a while must not end what supervises.
    const launchAgain = async (attempt: number): Promise<void> => {
      await pause({ attempt, signal: stopping.signal });
      if (stopping.signal.aborted) return;
      const before = running;
      try {
        launch(attempt);
      } catch (error) {
        spec.say(`the ${spec.name} could not be started again: ${error instanceof Error ? error.message : String(error)}`);
        if (running === before) await launchAgain(attempt + 1);
      }
    };
    launch(0);
  });
  // A caller that does not await it must not end by an unhandled rejection.
  failed.catch(() => {});

  return {
    failed,
    pid: () => identity?.pid ?? null,
    keep: () => {
      isKept = true;
    },
    end: async () => {
      stopping.abort();
      if (identity !== null) await endProcess({ identity, graceMs: spec.graceMs });
      await running;
    },
  };
}

function spawnLogged(spec: ChildSpec): ChildProcess {
  const log = openSync(spec.logFile, 'a', 0o600);
  // Inherited by the child, and given back at once: nothing else runs between these lines.
  const mask = process.umask(spec.umask ?? process.umask());
  try {
    const channel = spec.onMessage === undefined ? [] : (['ipc'] as const);
    const { cwd, env } = spec;
    const child = spawn(spec.program, spec.args, { cwd, env, detached: true, stdio: ['ignore', log, log, ...channel] });
    if (spec.onMessage !== undefined) child.on('message', spec.onMessage);
    return child;
  } finally {
    process.umask(mask);
    closeSync(log);
  }
}

const ended = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });

const pause = ({ attempt, signal }: { attempt: number; signal: AbortSignal }): Promise<void> =>
  delay(Math.min(200 * 2 ** attempt, LONGEST_PAUSE_MS), undefined, { signal }).catch(() => {});

// One old log is kept; a log that grew without end would fill the disk that the homes are on.
function turnLog(file: string): void {
  if (sizeOf(file) > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** The log from an offset on: after a panic its reason, which stands before a long trace; else the last lines. */
function logExcerpt(file: string, from: number): string {
  const lines = readFileSync(file).subarray(from).toString('utf8').trimEnd().split('\n');
  const panic = lines.findLastIndex((line) => PANIC.test(line));
  const excerpt = (panic < 0 ? lines.slice(-SHOWN_LINES) : lines.slice(panic, panic + SHOWN_LINES)).join('\n');
  return excerpt.trim() === '' ? `; it wrote nothing to its log ${file}` : `; from its log ${file}:\n${excerpt}`;
}

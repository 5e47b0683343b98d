import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ProcessesFile, StackFile } from '../../../src/start/state-files';
import { until } from '../until';

export interface StartProcess {
  pid: number;
  output(): string;
  /** Resolves when a line of the output matches; rejects with the output when the process ends before. */
  untilSaid(pattern: RegExp): Promise<true>;
  end(signal: NodeJS.Signals): Promise<number | null>;
  exited: Promise<number | null>;
}

/** For a test that starts and ends several stacks, one after the other. */
export const START_LIMIT_MS = 300_000;
/** On a busy machine a first start compiles, and bundles the workflows, for minutes. */
const START_PATIENCE_MS = 240_000;

const running = new Set<ChildProcess>();

/** Starts a script of the stack with Node, any free ports, and its output kept. */
export function launchStart({
  script,
  args,
  cwd,
  env = {},
}: {
  script: string;
  args: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}): StartProcess {
  const cacheDir = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'perennial');
  const ports = ['--temporal-port', '0', '--ui-port', '0'];
  const options = { cwd, env: { ...process.env, TEST_CACHE: cacheDir, ...env } };
  const child = spawn(process.execPath, [script, ...ports, ...args], options);
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    pid: child.pid ?? -1,
    output: () => output,
    exited,
    end: (signal) => {
      child.kill(signal);
      return exited;
    },
    untilSaid: (pattern) =>
      until(
        `the start says ${pattern}`,
        () => {
          if (pattern.test(output)) return true;
          if (child.exitCode !== null) throw new Error(`the start ended with exit code ${child.exitCode}:\n${output}`);
          return false;
        },
        { patienceMs: START_PATIENCE_MS },
      ),
  };
}

/** Ends what a failed test left running. */
export async function endAllStarts(): Promise<void> {
  const ends = [...running].map((child) => once(child, 'close'));
  for (const child of running) child.kill('SIGTERM');
  await Promise.all(ends);
}

export const readStack = (dir: string): StackFile => JSON.parse(readFileSync(path.join(dir, 'stack.json'), 'utf8'));

export const readProcesses = (dir: string): ProcessesFile => JSON.parse(readFileSync(path.join(dir, 'processes.json'), 'utf8'));

export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    // A process that has ended and whose end nobody took notice of yet is not alive.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

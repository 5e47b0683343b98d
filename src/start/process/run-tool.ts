import { spawn } from 'node:child_process';

export interface ToolRun {
  program: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Runs a build tool to its end; throws with the last it printed. When aborted, ends it and everything it started. */
export function runTool({ program, args, env, signal }: ToolRun): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let printed = '';
    // A group of its own, because a build tool runs compilers as its children.
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const stop = () => endGroup(child.pid);
    signal.addEventListener('abort', stop, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed = (printed + text).slice(-2_000);
      });
    }
    child.once('error', (error) => reject(new Error(`${program} could not be started (${error.message})`, { cause: error })));
    child.once('close', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) return reject(signal.reason);
      if (code === 0) return resolve();
      reject(
        new Error(
          `${program} ended with ${killedBy ?? `exit code ${code}`}: ${printed.trim().split('\n').slice(-5).join(' | ')}`,
        ),
      );
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended already.
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { drain } from './output-tail';
import type { ShellEnd, ShellRun } from './shell-run';

/**
 * Runs a shell on the caller's own pipes and files. A stream that is a terminal, where not all are, is replaced by a pipe. The shell runs
 * in a session of its own without a terminal, so the signals of a terminal's keys are forwarded to it.
 */
export async function runPiped({ entry, onStart }: ShellRun): Promise<ShellEnd> {
  const { program, args, env, uid, gid } = entry;
  const { stdin, stdout, stderr } = process;
  const streams = [stdin, stdout, stderr];
  const child = spawn(program, args, {
    env,
    uid,
    gid,
    cwd: '/',
    detached: true,
    stdio: streams.map(({ isTTY }) => (isTTY ? 'pipe' : 'inherit')),
  });
  child.stdin?.on('error', () => {});
  if (child.stdin !== null) stdin.pipe(child.stdin);
  const outputs = [child.stdout, child.stderr].filter((stream) => stream !== null);
  child.stdout?.pipe(stdout, { end: false });
  child.stderr?.pipe(stderr, { end: false });
  const stopForwarding = forwardSignals(child);
  try {
    if (child.pid !== undefined) onStart(child.pid);
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    await drain(outputs);
    return { code, signal: signal === null ? 0 : constants.signals[signal] };
  } finally {
    stopForwarding();
    if (child.stdin !== null) stdin.unpipe(child.stdin).pause();
    for (const stream of child.stdio) stream?.destroy();
  }
}

function forwardSignals({ pid }: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  };
  for (const name of ['SIGINT', 'SIGQUIT'] as const) process.on(name, forward);
  return () => {
    for (const name of ['SIGINT', 'SIGQUIT'] as const) process.off(name, forward);
  };
}

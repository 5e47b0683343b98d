import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { RuntimeFailure } from '../failure';
import type { Command, CommandResult, PodRef } from '../runtime';
import { closeHandles, enterPod, lost } from './entry';
import type { PodRecord } from './pod-record';
import { isProcessWell, sendKill } from './process-identity';
import { keepTail, type Tail } from './tail';

const DRAIN_TURNS = 1_000;

/**
 * Runs a command in a sandbox and waits for its end, not for that of what it leaves running behind it.
 * @throws PodLost, RuntimeUnavailable
 */
export async function runCommand({
  ref,
  pod,
  command,
  signal,
}: {
  ref: PodRef;
  pod: PodRecord;
  command: Command;
  signal: AbortSignal;
}): Promise<CommandResult> {
  signal.throwIfAborted();
  const inside = { line: 'exec "$@"', argv: command.argv, env: command.env ?? {} };
  const child = start(enterPod({ ref, pod, inside }));
  const kill = () => {
    if (child.pid !== undefined) sendKill(-child.pid);
  };
  signal.addEventListener('abort', kill);
  // A plain sandbox that ended between the look and the start did not take this with it.
  if (!isProcessWell(pod.init)) kill();
  try {
    const stdout = keepTail(child.stdout);
    const stderr = keepTail(child.stderr);
    child.stdin?.on('error', () => {});
    child.stdin?.end(command.stdin ?? '');
    const exitCode = await waitForExit(child);
    signal.throwIfAborted();
    // A killed command may be the first sign of a sandbox that is just ending.
    if (exitCode !== 0 && !isProcessWell(pod.init)) throw lost(ref);
    await drain([stdout, stderr]);
    return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    signal.removeEventListener('abort', kill);
    for (const stream of child.stdio) stream?.destroy();
  }
}

function start(entry: ReturnType<typeof enterPod>): ChildProcess {
  const { program, args, handles, ...options } = entry;
  try {
    // In a session of its own, so that the whole of it can be killed at once.
    return spawn(program, args, { ...options, cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe', ...handles] });
  } catch (error) {
    throw refuse(error);
  } finally {
    closeHandles(handles);
  }
}

async function waitForExit(child: ChildProcess): Promise<number> {
  try {
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy]);
  } catch (error) {
    throw refuse(error);
  }
}

const refuse = (cause: unknown): RuntimeFailure =>
  new RuntimeFailure('RuntimeUnavailable', `a command could not be started in the sandbox: ${String(cause)}`, { cause });

// What the command wrote before it ended lies in the pipe; what it left behind may hold that open and write on for ever. A
// whole turn of the event loop without a piece shows that the pipe was empty.
async function drain(tails: Tail[]): Promise<void> {
  for (let turns = 0; turns < DRAIN_TURNS; turns += 1) {
    const before = tails.map((tail) => tail.received());
    await turn();
    await turn();
    if (tails.every((tail, index) => tail.received() === before[index])) return;
  }
}

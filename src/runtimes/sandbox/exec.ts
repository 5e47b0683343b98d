import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { RuntimeFailure } from '../failure';
import type { Command, CommandResult, PodRef } from '../runtime';
import { closeHandles, enterPod, lost } from './process/enter';
import { isProcessEnterable, sendKill } from './process/identity';
import { drain, keepTail } from './process/output-tail';
import type { PodRecord } from './store/sandbox-record';

/** A command that writes more is ended: only its last 256 KiB are kept, but reading without limit would hold the service up. */
const MOST_RECEIVED_BYTES = 64 * 1024 * 1024;

/**
 * Runs a command in a sandbox and waits for its end, but not for that of processes that it leaves running.
 * @throws PodLost, RuntimeUnavailable
 */
export async function exec({
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
  const entry = enterPod({ ref, pod, inside });
  const child = start(entry);
  const kill = () => {
    if (child.pid !== undefined) sendKill(-child.pid);
  };
  signal.addEventListener('abort', kill);
  // The end of a plain sandbox between the check and the start does not end this process.
  if (!isProcessEnterable(pod.init)) kill();
  let received = 0;
  const count = (bytes: number) => {
    received += bytes;
    if (received > MOST_RECEIVED_BYTES) kill();
  };
  try {
    const stdout = keepTail(child.stdout, count);
    const stderr = keepTail(child.stderr, count);
    child.stdin?.on('error', () => {});
    child.stdin?.end(command.stdin ?? '');
    const exitCode = await waitForExit(child);
    signal.throwIfAborted();
    if (received > MOST_RECEIVED_BYTES) throw flooded(ref);
    // A killed command may be the first sign of the end of its sandbox.
    if (exitCode !== 0 && !isProcessEnterable(pod.init)) throw lost(ref);
    await drain([child.stdout, child.stderr].filter((stream) => stream !== null));
    return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    signal.removeEventListener('abort', kill);
    for (const stream of child.stdio) stream?.destroy();
    closeHandles(entry.handles);
  }
}

function start(entry: ReturnType<typeof enterPod>): ChildProcess {
  const { program, args, env, uid, gid } = entry;
  try {
    // In a session of its own, so that the whole of it can be killed at once.
    return spawn(program, args, { env, uid, gid, cwd: '/', detached: true, stdio: 'pipe' });
  } catch (error) {
    closeHandles(entry.handles);
    throw refuse(error);
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

function flooded({ build, id }: PodRef): RuntimeFailure {
  const most = `${MOST_RECEIVED_BYTES / 1024 / 1024} MiB`;
  return new RuntimeFailure(
    'RuntimeUnavailable',
    `a command in the sandbox of build ${build} of ${id} was ended: it wrote more than ${most}`,
  );
}

const refuse = (cause: unknown): RuntimeFailure =>
  new RuntimeFailure('RuntimeUnavailable', `a command could not be started in the sandbox: ${String(cause)}`, { cause });

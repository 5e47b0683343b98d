import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { RuntimeFailure } from '../failure';
import type { PodRef } from '../runtime';
import { closeHandles, enterPod } from './entry';
import type { PodRecord } from './pod-record';
import { sendKill, sendSignal } from './process-identity';
import { listBelow } from './process-table';

// The outer shell makes the programs on the way in deaf to the keys that interrupt, so that only what runs inside decides what
// they mean; inside they count again. The inner one stays, and turns a death by signal into an exit code.
const OUTER = 'trap "" INT QUIT; exec "$@"';
const INNER = 'trap : INT QUIT; "$@"; exit $?';

/**
 * Opens a terminal, or one command, in a sandbox on this process's own standard streams, and resolves with its exit code.
 * @throws PodLost when the sandbox is gone before it begins
 */
export async function openShell(options: {
  ref: PodRef;
  pod: PodRecord;
  command: string[];
  terminal: string;
  signal: AbortSignal;
}): Promise<number> {
  const { ref, pod, command, terminal, signal } = options;
  signal.throwIfAborted();
  const argv = command.length > 0 ? command : [pod.user.shell, '-l'];
  const inside = { line: `exec env --default-signal=INT,QUIT sh -c '${INNER}' sh "$@"`, argv, env: { TERM: terminal } };
  const { program, args, handles, ...rest } = enterPod({ ref, pod, inside });
  const stopListening = ignoreInterrupts();
  try {
    const child = spawn('sh', ['-c', OUTER, 'sh', program, ...args], {
      ...rest,
      cwd: '/',
      stdio: ['inherit', 'inherit', 'inherit', ...handles],
    });
    const kill = () => killAll(child.pid);
    signal.addEventListener('abort', kill);
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    signal.removeEventListener('abort', kill);
    signal.throwIfAborted();
    return code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy]);
  } catch (error) {
    signal.throwIfAborted();
    throw new RuntimeFailure('RuntimeUnavailable', `a shell could not be started in the sandbox of ${ref.id}: ${String(error)}`, {
      cause: error,
    });
  } finally {
    closeHandles(handles);
    stopListening();
  }
}

// It shares the caller's session, so only descent tells what belongs to it. All are held first, until none is new: what is started
// while others are killed would be left behind.
function killAll(pid: number | undefined): void {
  if (pid === undefined) return;
  const held = new Set<number>();
  const findNew = () => [pid, ...listBelow(pid)].filter((found) => !held.has(found));
  for (let found = findNew(); found.length > 0; found = findNew()) {
    for (const each of found) {
      held.add(each);
      sendSignal(each, 'SIGSTOP');
    }
  }
  for (const each of held) sendKill(each);
}

function ignoreInterrupts(): () => void {
  const ignore = () => {};
  for (const name of ['SIGINT', 'SIGQUIT'] as const) process.on(name, ignore);
  return () => {
    for (const name of ['SIGINT', 'SIGQUIT'] as const) process.off(name, ignore);
  };
}

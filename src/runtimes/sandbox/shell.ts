import { quote } from '../../hooks/shell/quote';
import { readScript } from '../../hooks/shell/read-script';
import { RuntimeFailure } from '../failure';
import type { PodRef } from '../runtime';
import { closeHandles, enterPod } from './process/enter';
import { isProcessWell, sendKill, sendSignal } from './process/identity';
import { loginShell } from './process/login-shell';
import { runPiped } from './process/shell-pipes';
import { runTerminal } from './process/shell-terminal';
import { listFamily } from './process/table';
import type { PodRecord } from './store/sandbox-record';

// The outer shell makes the programs on the way in deaf to the keys that interrupt, so that only what runs inside decides what
// they mean; inside they count again. The inner one stays, and turns a death by signal into an exit code.
const OUTER = 'trap "" INT QUIT; exec "$@"';
const INNER = 'trap : INT QUIT; "$@"; exit $?';

const RELAY = readScript(__dirname, 'scripts', 'relay.sh');

/** One that waits for a disk stops late; it is killed all the same. */
const HOLD_LIMIT_MS = 1_000;

/**
 * Opens a terminal, or one command, in a sandbox for this process's own standard streams, and resolves with its exit code. What runs
 * inside never holds the caller's terminal itself, into which it could type: it gets one of its own, or pipes.
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
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const { argv: wanted, env } = command.length > 0 ? { argv: command, env: {} } : loginShell(pod);
  const argv = isTerminal && pod.mode === 'user-namespace' ? relayed(wanted) : wanted;
  const isPlain = pod.mode === 'plain';
  const line = isPlain ? 'exec "$@"' : `exec env --default-signal=INT,QUIT sh -c '${INNER}' sh "$@"`;
  const inside = enterPod({ ref, pod, inside: { line, argv, env: { ...env, TERM: terminal } } });
  const outer = { ...inside, program: 'sh', args: ['-c', OUTER, 'sh', inside.program, ...inside.args] };
  const entry = isPlain ? inside : outer;
  let kill = () => {};
  const onStart = (pid: number) => {
    kill = () => killAll(pid);
    // A plain sandbox that ended between the look and the start did not take this with it.
    if (signal.aborted || !isProcessWell(pod.init)) kill();
  };
  signal.addEventListener('abort', () => kill(), { once: true });
  try {
    const { code, signal: killedBy } = await (isTerminal ? runTerminal : runPiped)({ entry, terminal, onStart });
    signal.throwIfAborted();
    return code ?? 128 + killedBy;
  } catch (error) {
    signal.throwIfAborted();
    throw new RuntimeFailure('RuntimeUnavailable', `a shell could not be started in the sandbox of ${ref.id}: ${String(error)}`, {
      cause: error,
    });
  } finally {
    kill = () => {};
    closeHandles(entry.handles);
  }
}

function relayed(argv: string[]): string[] {
  const restored = 'export SHELL="$PERENNIAL_SHELL"; unset PERENNIAL_SHELL; exec env --default-signal=INT,QUIT';
  return ['sh', '-c', RELAY, `${restored} ${argv.map(quote).join(' ')}`, ...argv];
}

// Programs inside may lead sessions of their own, so only descent tells what belongs to it. All are held first, and what is started while
// others are killed would be left behind. A process that is told to stop may be just making another, which no list shows yet; so they are
// listed once more when all stand still.
function killAll(pid: number): void {
  const held = new Set<number>();
  const endsAt = Date.now() + HOLD_LIMIT_MS;
  for (let areStopped = false; Date.now() < endsAt; ) {
    const family = listFamily(pid);
    const found = family.filter((entry) => !held.has(entry.pid));
    if (found.length === 0 && areStopped) break;
    for (const entry of found) {
      held.add(entry.pid);
      sendSignal(entry.pid, 'SIGSTOP');
    }
    areStopped = found.length === 0 && family.every(({ isStopped }) => isStopped);
  }
  for (const each of held) sendKill(each);
}

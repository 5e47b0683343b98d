import { READ_INJECTED } from '../../hooks/inject/read-injected';
import { quote } from '../../hooks/shell/quote';
import { readScript } from '../../hooks/shell/read-script';
import { onAbort } from '../../hooks/until-aborted';
import { RuntimeFailure } from '../failure';
import type { PodRef } from '../runtime';
import type { ShellRequest } from '../shell-request';
import { closeHandles, type Entry, enterPod } from './process/enter';
import { isProcessEnterable, sendKill, sendSignal } from './process/identity';
import { loginShell } from './process/login-shell';
import { runPiped } from './process/shell-pipes';
import { runTerminal } from './process/shell-terminal';
import { listFamily } from './process/table';
import type { PodRecord } from './store/sandbox-record';

// The outer shell makes the programs on the way in ignore the keys that interrupt; inside they count again. The inner shell stays, and
// turns a death by signal into an exit code.
const OUTER = 'trap "" INT QUIT; exec "$@"';
const INNER = 'trap : INT QUIT; "$@"; exit $?';

const RELAY = readScript(__dirname, 'scripts', 'relay.sh');

/** A process that waits for a disk stops late; it is killed without having stopped. */
const HOLD_LIMIT_MS = 1_000;

/**
 * Opens a terminal, or one command, in a sandbox, and resolves with its exit code. What runs inside never holds the caller's own
 * terminal, into which it could write input: it gets another, or pipes.
 * @throws PodLost when the sandbox is gone before it begins
 */
export async function shell(ref: PodRef, pod: PodRecord, { command, streams, signal }: ShellRequest): Promise<number> {
  signal.throwIfAborted();
  const isTerminal = streams.terminal !== null;
  const entry = enterShell({ ref, pod, command, streams });
  let kill = () => {};
  const onStart = (pid: number) => {
    kill = () => killAll(pid);
    // The end of a plain sandbox between the check and the start does not end this process.
    if (signal.aborted || !isProcessEnterable(pod.init)) kill();
  };
  const stopListening = onAbort(signal, () => kill());
  try {
    const terminalOwner = process.getuid?.() === 0 ? pod.user.uid : null;
    const { code, signal: killedBy } = await (isTerminal ? runTerminal : runPiped)({ entry, streams, terminalOwner, onStart });
    signal.throwIfAborted();
    return code ?? 128 + killedBy;
  } catch (error) {
    signal.throwIfAborted();
    throw new RuntimeFailure('RuntimeUnavailable', `a shell could not be started in the sandbox of ${ref.id}: ${String(error)}`, {
      cause: error,
    });
  } finally {
    stopListening();
    closeHandles(entry.handles);
  }
}

function enterShell(options: { ref: PodRef; pod: PodRecord } & Pick<ShellRequest, 'command' | 'streams'>): Entry {
  const { ref, pod, command, streams } = options;
  const { argv: wanted, env } = command.length > 0 ? { argv: command, env: {} } : loginShell(pod);
  const argv = streams.terminal !== null && pod.mode === 'user-namespace' ? relayed(wanted) : wanted;
  const isPlain = pod.mode === 'plain';
  const start = isPlain ? 'exec "$@"' : `exec env --default-signal=INT,QUIT sh -c '${INNER}' sh "$@"`;
  const line = `${READ_INJECTED}\n${start}`;
  const inside = enterPod({ ref, pod, inside: { line, argv, env: { ...env, TERM: streams.term } } });
  return isPlain ? inside : { ...inside, program: 'sh', args: ['-c', OUTER, 'sh', inside.program, ...inside.args] };
}

function relayed(argv: string[]): string[] {
  const restored = 'export SHELL="$PERENNIAL_SHELL"; unset PERENNIAL_SHELL; exec env --default-signal=INT,QUIT';
  return ['sh', '-c', RELAY, `${restored} ${argv.map(quote).join(' ')}`, ...argv];
}

// Programs inside may lead sessions of their own, so only descent shows what belongs to the shell. All are stopped before any is killed:
// a process that is started meanwhile would be left behind. While a process is being stopped it may just create another, which is not
// listed yet, so they are listed once more when all have stopped.
function killAll(pid: number): void {
  const signalled = new Map<number, boolean>();
  const endsAt = Date.now() + HOLD_LIMIT_MS;
  for (let areStopped = false; Date.now() < endsAt; ) {
    const family = listFamily(pid);
    const found = family.filter((entry) => !signalled.has(entry.pid));
    if (found.length === 0 && areStopped) break;
    for (const entry of found) signalled.set(entry.pid, sendSignal(entry.pid, 'SIGSTOP'));
    areStopped = found.length === 0 && family.every((entry) => entry.isStopped || signalled.get(entry.pid) === false);
  }
  for (const each of signalled.keys()) sendKill(each);
}

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeFailure } from '../../failure';
import { readProcess } from './table';

const KILL_LIMIT_MS = 20_000;

/** A process beyond doubt: its pid, and when it started, because the system gives pids away again. */
export interface ProcessIdentity {
  pid: number;
  /** The boot, a slash, and the start in that boot. */
  startedAt: string;
}

/** The identity of a living process; null when there is none with this pid. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const found = readProcess(pid);
  return found === null ? null : { pid, startedAt: `${readBoot()}/${found.startedAt}` };
}

/** Whether the very process is there still, perhaps just ending. */
export const isProcessAlive = (identity: ProcessIdentity): boolean =>
  identifyProcess(identity.pid)?.startedAt === identity.startedAt;

/** Whether the very process is there and not about to end: only such a one can be entered. */
export const isProcessWell = (identity: ProcessIdentity): boolean =>
  isProcessAlive(identity) && readProcess(identity.pid)?.isEnding === false;

/** Whether the machine was started again since the process began. */
export const isOfAnotherBoot = (identity: ProcessIdentity): boolean => identity.startedAt.split('/')[0] !== readBoot();

/**
 * Kills a process and waits until it is gone.
 * @throws RuntimeUnavailable when the system does not let go of it
 */
export async function killProcess(identity: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + KILL_LIMIT_MS;
  while (isProcessAlive(identity)) {
    sendKill(identity.pid);
    if (Date.now() > deadline) {
      throw new RuntimeFailure(
        'RuntimeUnavailable',
        `process ${identity.pid} was killed ${KILL_LIMIT_MS} ms ago and is there still`,
      );
    }
    await delay(2);
  }
}

/** Ends a process at once, as `sendSignal` does. */
export const sendKill = (pid: number): void => sendSignal(pid, 'SIGKILL');

/** Sends a signal; a process that has ended meanwhile is no error. A negative pid means its group. */
export function sendSignal(pid: number, signal: 'SIGKILL' | 'SIGSTOP'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Where a start is a date, as `ps` tells it, the boot adds nothing.
    return 'boot';
  }
}

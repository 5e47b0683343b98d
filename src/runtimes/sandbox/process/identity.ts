import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeFailure } from '../../failure';
import { readProcess } from './table';

const KILL_LIMIT_MS = 20_000;

/** A process: its pid, and its start, because the system assigns pids again. */
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

/** The identity of this process. */
export function identifySelf(): ProcessIdentity {
  const own = identifyProcess(process.pid);
  if (own === null) throw new Error(`the system does not list this process, ${process.pid}`);
  return own;
}

/** Whether exactly this process exists, perhaps ending. */
export const isProcessAlive = (identity: ProcessIdentity): boolean =>
  identifyProcess(identity.pid)?.startedAt === identity.startedAt;

/** Whether exactly this process exists and is not ending: only then its namespaces can be entered. */
export const isProcessEnterable = (identity: ProcessIdentity): boolean =>
  isProcessAlive(identity) && readProcess(identity.pid)?.isEnding === false;

/** Whether the machine was booted since the process began. */
export const isOfAnotherBoot = (identity: ProcessIdentity): boolean => identity.startedAt.split('/')[0] !== readBoot();

/**
 * Kills a process and waits until it is gone.
 * @throws RuntimeUnavailable when it still exists after a time, as while it waits for a disk, and when this user may not kill it
 */
export async function killProcess(identity: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + KILL_LIMIT_MS;
  while (isProcessAlive(identity)) {
    if (!sendKill(identity.pid) && isProcessAlive(identity)) throw notSignalled([identity.pid]);
    if (Date.now() > deadline) {
      throw new RuntimeFailure(
        'RuntimeUnavailable',
        `process ${identity.pid} was killed ${KILL_LIMIT_MS} ms ago and still exists`,
      );
    }
    await delay(2);
  }
}

/** The failure of a kill of processes that belong to another user by now, as those of `sudo` do. */
export const notSignalled = (pids: number[]): RuntimeFailure =>
  new RuntimeFailure('RuntimeUnavailable', `processes ${pids.join(', ')} may not be killed by this user`);

/** Kills a process, as `sendSignal` does. */
export const sendKill = (pid: number): boolean => sendSignal(pid, 'SIGKILL');

/** Sends a signal; a negative pid means its group. Returns false when the process has ended, or has become another user's. */
export function sendSignal(pid: number, signal: 'SIGKILL' | 'SIGSTOP'): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function readBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Where a start is a date, as `ps` prints it, the boot adds nothing.
    return 'boot';
  }
}

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process beyond doubt: its pid, and when it started, because the system gives pids away again. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

/** The identity of a living process; null when there is none with this pid. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return startedAt === null ? null : { pid, startedAt };
}

export const isProcessAlive = (identity: ProcessIdentity): boolean =>
  identifyProcess(identity.pid)?.startedAt === identity.startedAt;

/** Ends a process that is not our child: SIGTERM, and SIGKILL when it still lives after `graceMs`. */
export async function endProcess({ identity, graceMs }: { identity: ProcessIdentity; graceMs: number }): Promise<void> {
  send(identity, 'SIGTERM');
  if (await isGoneWithin(identity, graceMs)) return;
  send(identity, 'SIGKILL');
  await isGoneWithin(identity, 5_000);
}

// The start is counted in ticks since boot, so the boot belongs to it. The program's name stands in brackets and may hold
// anything, so fields are counted from the last bracket. A zombie is a process that has ended.
function startOnLinux(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return null;
  }
}

function startByPs(pid: number): string | null {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' },
  });
  const [, state, startedAt] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? '') ?? [];
  return startedAt === undefined || state?.startsWith('Z') ? null : startedAt;
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isProcessAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

async function isGoneWithin(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (isProcessAlive(identity)) {
    if (Date.now() > deadline) return false;
    await delay(50);
  }
  return true;
}

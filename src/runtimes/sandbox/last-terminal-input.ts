import { readlinkSync, statSync } from 'node:fs';
import type { PodRef } from '../runtime';
import { latestInputMs } from '../terminal-time';
import { lost } from './process/enter';
import { isProcessEnterable } from './process/identity';
import { listMembers } from './process/kill-tree';
import { listProcesses } from './process/table';
import type { PodRecord } from './store/sandbox-record';

/**
 * When a terminal in a sandbox last had input, in epoch milliseconds; null when there is no terminal. The kernel records when each
 * terminal was last read from, or opened if it was never read from.
 * @throws PodLost
 */
export function lastTerminalInput(ref: PodRef, pod: PodRecord): number | null {
  if (!isProcessEnterable(pod.init)) throw lost(ref);
  const times = listInside(pod)
    .map(lastRead)
    .filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(Date.now(), latestInputMs(Math.max(...times)));
}

function listInside(pod: PodRecord): number[] {
  if (pod.mode === 'plain') return listMembers(pod.instance);
  const space = spaceOf(pod.init.pid);
  return space === null
    ? []
    : listProcesses()
        .map(({ pid }) => pid)
        .filter((pid) => spaceOf(pid) === space);
}

function spaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

// Consoles, serial lines, and the two ends of pseudo-terminals, by the kernel's list of devices.
const isTerminal = (major: number): boolean => major === 4 || (major >= 136 && major <= 143);

function lastRead(pid: number): number | null {
  try {
    const input = statSync(`/proc/${pid}/fd/0`);
    return input.isCharacterDevice() && isTerminal((input.rdev >> 8) & 0xfff) ? input.atimeMs : null;
  } catch {
    return null;
  }
}

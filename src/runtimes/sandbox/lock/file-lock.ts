import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identifySelf, isProcessAlive } from '../process/identity';
import { releaseTicket, takeTicket } from './ticket-lock.cjs';

const POLL_MS = 5;

/** Runs `work` while no other process, and nothing else in this one, runs anything under the same lock. */
export async function withLock<T>(
  lock: { folder: string; signal: AbortSignal | null; onWait?: () => void },
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(lock.folder, { recursive: true, mode: 0o700 });
  const take = () => takeTicket(lock.folder, { holder: identifySelf(), isAlive: isProcessAlive });
  let ticket = take();
  if (ticket === null) lock.onWait?.();
  while (ticket === null) {
    await delay(POLL_MS);
    lock.signal?.throwIfAborted();
    ticket = take();
  }
  try {
    return await work();
  } finally {
    releaseTicket(ticket);
  }
}

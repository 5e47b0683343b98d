import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identifyProcess, isProcessAlive, type ProcessIdentity } from '../process/identity';

const POLL_MS = 5;

/**
 * Does `work` while no other process, and nothing else in this one, does anything under the same lock.
 *
 * Tickets are numbered files that name their holder; the highest is in force while it is not given back and its process lives.
 * A new one is made only above one that is not in force, making it is atomic, and the highest is never removed. So a killed
 * holder blocks nobody, and two can never both take over from it.
 */
export async function withLock<T>(
  lock: { folder: string; signal: AbortSignal | null; onWait?: () => void },
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(lock.folder, { recursive: true, mode: 0o700 });
  let ticket = claim(lock.folder);
  if (ticket === null) lock.onWait?.();
  while (ticket === null) {
    await delay(POLL_MS);
    lock.signal?.throwIfAborted();
    ticket = claim(lock.folder);
  }
  try {
    return await work();
  } finally {
    giveBack(ticket);
  }
}

function claim(folder: string): string | null {
  const found = newest(folder);
  if (found > 0 && isInForce(path.join(folder, String(found)))) return null;
  const ticket = path.join(folder, String(found + 1));
  if (!createTicket(ticket)) return null;
  // Someone who looked earlier may have gone further meanwhile, after which this ticket counts for nothing.
  if (newest(folder) !== found + 1) {
    rmSync(ticket, { force: true });
    return null;
  }
  for (const name of readdirSync(folder)) {
    if (Number.isNaN(Number(name)) || Number(name) <= found) rmSync(path.join(folder, name), { force: true });
  }
  return ticket;
}

const newest = (folder: string): number => Math.max(0, ...readdirSync(folder).map(Number).filter(Number.isInteger));

function isInForce(ticket: string): boolean {
  try {
    const holder = JSON.parse(readFileSync(ticket, 'utf8')) as ProcessIdentity | null;
    return holder !== null && isProcessAlive(holder);
  } catch (error) {
    // One that is gone stands under a higher one, which the next look will show. One that cannot be understood was cut off by
    // a power cut, and its holder with it.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

// Linked into place, so that a ticket never stands there without its holder's name.
function createTicket(ticket: string): boolean {
  const draft = `${ticket}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(identifyProcess(process.pid)));
  try {
    linkSync(draft, ticket);
    return true;
  } catch (error) {
    // EEXIST: another was faster. ENOENT: another that was faster has swept up this draft.
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function giveBack(ticket: string): void {
  const draft = `${ticket}.${randomUUID()}`;
  writeFileSync(draft, 'null');
  renameSync(draft, ticket);
}

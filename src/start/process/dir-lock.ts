import { accessSync, constants, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makePassage } from '../../runtimes/sandbox';
import { identifyProcess, isProcessAlive, type ProcessIdentity } from '../../runtimes/sandbox/process/identity';
import { StartRefusal } from '../start-refusal';

/**
 * Takes DIR for this process until it ends, however it ends; refuses, naming the pid, and touches nothing, while another has it.
 *
 * Tickets are numbered files that name their holder, and the highest is in force while its process lives. A new one may only
 * be made above a dead one, making it is atomic, and the highest is never removed. So a killed holder blocks nobody, two can
 * never both take over from it, and nothing has to be given back.
 */
export function lockDir(dir: string): void {
  refuseWhileHeld(dir);
  makeFolders(dir);
  while (!claim(dir)) refuseWhileHeld(dir);
}

/** The process that has DIR now; null when none has. */
export function readDirHolder(dir: string): ProcessIdentity | null {
  const { number } = newest(dir);
  const holder = number === 0 ? null : readTicket(dir, number);
  return holder !== null && isProcessAlive(holder) ? holder : null;
}

const locksIn = (dir: string) => path.join(dir, 'locks');

function refuseWhileHeld(dir: string): void {
  const holder = readDirHolder(dir);
  if (holder === null) return;
  throw new StartRefusal(`${dir} is in use by process ${holder.pid}, which runs; stop that one first, or give another --dir`);
}

function makeFolders(dir: string): void {
  const folder = locksIn(dir);
  try {
    makePassage(dir);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new StartRefusal(`--dir: expected a folder that can be made and written to (${problem})`, 1, { cause: error });
  }
}

function claim(dir: string): boolean {
  const { number } = newest(dir);
  const mine = number + 1;
  if (readDirHolder(dir) !== null || !createTicket(dir, mine)) return false;
  // Someone who looked later may have gone further already, after which this ticket counts for nothing.
  if (newest(dir).number !== mine) {
    rmSync(path.join(locksIn(dir), String(mine)), { force: true });
    return false;
  }
  for (const other of ticketsIn(dir)) if (other < mine) rmSync(path.join(locksIn(dir), String(other)), { force: true });
  return true;
}

const newest = (dir: string) => ({ number: Math.max(0, ...ticketsIn(dir)) });

function ticketsIn(dir: string): number[] {
  try {
    return readdirSync(locksIn(dir)).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function readTicket(dir: string, number: number): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(path.join(locksIn(dir), String(number)), 'utf8')) as ProcessIdentity;
  } catch {
    return null;
  }
}

// Linked into place, so that a ticket never stands there without its holder's name.
function createTicket(dir: string, number: number): boolean {
  const file = path.join(locksIn(dir), String(number));
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identifyProcess(process.pid)));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

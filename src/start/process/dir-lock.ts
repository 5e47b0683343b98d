import { accessSync, constants, mkdirSync } from 'node:fs';
import path from 'node:path';
import { makePassage } from '../../runtimes/sandbox';
import { readHolder, takeTicket } from '../../runtimes/sandbox/lock/ticket-lock.cjs';
import { identifySelf, isProcessAlive, type ProcessIdentity } from '../../runtimes/sandbox/process/identity';
import { StartRefusal } from '../start-refusal';

/** Takes DIR for this process until its end; refuses, naming the pid, and changes nothing, while another process has it. */
export function lockDir(dir: string): void {
  refuseWhileHeld(dir);
  makeFolders(dir);
  while (takeTicket(locksIn(dir), { holder: identifySelf(), isAlive: isProcessAlive }) === null) refuseWhileHeld(dir);
}

/** The process that has DIR now; null when none has. */
export const readDirHolder = (dir: string): ProcessIdentity | null => readHolder(locksIn(dir), isProcessAlive);

const locksIn = (dir: string): string => path.join(dir, 'locks');

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

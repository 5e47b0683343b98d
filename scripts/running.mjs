/** Which processes run what this checkout has compiled: nothing may be rewritten under them. */
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inCheckout } from './checkout.mjs';

/** A file for each, named by its pid; src/runtimes/sandbox/process/note-running.ts writes that of a process which a start began. */
const FOLDER = inCheckout('dist', '.running');

/** Writes this process down, until it ends. */
export function noteRunning() {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, String(process.pid)), startOf(process.pid) ?? '');
}

/** The pid of one that lives and is not this one; null when there is none. */
export function findRunning() {
  for (const name of list()) {
    if (name === String(process.pid)) continue;
    if (isAlive(name)) return Number(name);
    rmSync(path.join(FOLDER, name), { force: true });
  }
  return null;
}

/** Whether this process may write itself down; in a checkout that it cannot write to, it cannot compile anything either. */
export function canNoteRunning() {
  try {
    accessSync(inCheckout('dist'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function list() {
  try {
    return readdirSync(FOLDER).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/**
 * The system gives pids away again, so the start has to be the same. A process whose file cannot be read any more has just been removed.
 * @param {string} pid
 */
function isAlive(pid) {
  try {
    return startOf(pid) === readFileSync(path.join(FOLDER, pid), 'utf8');
  } catch {
    return false;
  }
}

/**
 * The boot and the start in that boot, where the system reports them; null when there is no such process.
 * @param {string | number} pid
 */
export function startOf(pid) {
  if (process.platform !== 'linux') return isThere(pid) ? 'unknown' : null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return null;
  }
}

/** @param {string | number} pid */
function isThere(pid) {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

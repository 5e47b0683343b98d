import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startOf } from './running.mjs';

/**
 * Runs `work` while no other process does, waiting for the one that is at it. Tickets are numbered files that name their
 * holder; the highest is in force while its process lives. A new one may only be made above a dead one, and making
 * it is atomic, so a process that was killed blocks nobody and two can never both take over from it.
 */
export async function withLock(folder, say, work) {
  mkdirSync(folder, { recursive: true });
  let hasSpoken = false;
  let ticket = claim(folder);
  while (ticket === null) {
    if (!hasSpoken) say('perennial: another process is preparing this checkout; waiting for it …');
    hasSpoken = true;
    await delay(200);
    ticket = claim(folder);
  }
  try {
    return await work();
  } finally {
    writeFileSync(ticket, 'free');
  }
}

function claim(folder) {
  const { number, file } = newest(folder);
  if (file !== null && isHeld(file)) return null;
  const mine = path.join(folder, String(number + 1));
  if (!createWhole(mine, `${process.pid} ${startOf(process.pid)}`)) return null;
  // Someone who looked later may have gone further already, after which this ticket counts for nothing.
  if (newest(folder).number !== number + 1) {
    rmSync(mine, { force: true });
    return null;
  }
  for (const name of readdirSync(folder).filter((name) => Number.isInteger(Number(name)) && Number(name) <= number))
    rmSync(path.join(folder, name), { force: true });
  return mine;
}

// Linked into place, so that the ticket never stands there without its holder's name.
function createWhole(file, text) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function newest(folder) {
  const number = Math.max(0, ...readdirSync(folder).map(Number).filter(Number.isInteger));
  return { number, file: number === 0 ? null : path.join(folder, String(number)) };
}

// A file that vanished was overtaken, and the next look shows by what. The system gives pids away again, in containers the very same
// ones each time, so the start has to be the same; what names no holder was given back, or emptied by a power cut.
function isHeld(file) {
  try {
    const [pid, start] = readFileSync(file, 'utf8').split(' ');
    return start !== undefined && startOf(pid) === start;
  } catch {
    return true;
  }
}

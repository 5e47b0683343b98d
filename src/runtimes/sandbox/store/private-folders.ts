import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * DIR, and what in it leads to the places of images' users, can be passed through but not read where these have to get there: without
 * isolation a service that is root runs them as themselves. All else belongs to who runs the service alone.
 */
const PASSAGE_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

const PASSAGES = ['homes', 'runs'];
const FOLDERS = ['locks', 'logs', 'records', 'sandboxes'];
const FILES = ['namespace.json', 'processes.json', 'stack.json', 'temporal.db', 'temporal.db-shm', 'temporal.db-wal'];

/** Makes DIR, or a folder of it, that leads to homes; one that is there stays as it is. */
export function makePassage(folder: string): void {
  mkdirSync(path.dirname(folder), { recursive: true });
  const made = mkdirSync(folder, { recursive: true, mode: PASSAGE_MODE });
  // The process's own mask may have taken away more.
  if (made !== undefined) chmodSync(folder, PASSAGE_MODE);
}

/**
 * Takes from others what earlier versions, or whoever made DIR, let them read of it: histories, logs, records. A DIR that holds other
 * things too keeps its own mode.
 */
export function tightenDir(dir: string): void {
  const names = readdirSync(dir);
  const logs = names.includes('logs') ? readdirSync(path.join(dir, 'logs')).map((name) => path.join('logs', name)) : [];
  for (const name of FOLDERS) tighten(path.join(dir, name), 0o700);
  for (const name of [...FILES, ...logs]) tighten(path.join(dir, name), 0o600);
  for (const name of PASSAGES) tighten(path.join(dir, name), PASSAGE_MODE);
  if (names.every((name) => [...PASSAGES, ...FOLDERS, ...FILES].includes(name))) tighten(dir, PASSAGE_MODE);
}

/** Never opens anything, and leaves alone what belongs to somebody else or is a link to somewhere else. */
function tighten(file: string, atMost: number): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined || found.isSymbolicLink() || found.uid !== process.getuid?.()) return;
  const mode = found.mode & 0o7777;
  if ((mode & ~atMost) !== 0) chmodSync(file, mode & atMost);
}

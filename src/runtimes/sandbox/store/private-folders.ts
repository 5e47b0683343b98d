import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * DIR, and the folders in it that lead to files of images' users, can be traversed but not read where these users need that: without
 * isolation, a service that is root runs processes as them. All else is for the user of the service alone.
 */
const PASSAGE_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

const PASSAGES = ['homes', 'runs'];
const FOLDERS = ['keys', 'locks', 'logs', 'records', 'sandboxes'];
const FILES = ['namespace.json', 'processes.json', 'stack.json', 'temporal.db', 'temporal.db-shm', 'temporal.db-wal'];

/** Makes DIR, or a folder of it, that leads to homes; an existing folder stays as it is. */
export function makePassage(folder: string): void {
  mkdirSync(path.dirname(folder), { recursive: true });
  const made = mkdirSync(folder, { recursive: true, mode: PASSAGE_MODE });
  // The process's own mask may have taken away more.
  if (made !== undefined) chmodSync(folder, PASSAGE_MODE);
}

/**
 * Revokes what an earlier version, or the creator of DIR, let other users read: histories, logs, records. A DIR that holds other files
 * too keeps its own mode.
 */
export function tightenDir(dir: string): void {
  const names = readdirSync(dir);
  const logs = names.includes('logs') ? readdirSync(path.join(dir, 'logs')).map((name) => path.join('logs', name)) : [];
  for (const name of FOLDERS) tighten(path.join(dir, name), 0o700);
  for (const name of [...FILES, ...logs]) tighten(path.join(dir, name), 0o600);
  for (const name of PASSAGES) tighten(path.join(dir, name), PASSAGE_MODE);
  if (names.every((name) => [...PASSAGES, ...FOLDERS, ...FILES].includes(name))) tighten(dir, PASSAGE_MODE);
}

/** Never widens a mode, and leaves alone links and files of other users. */
function tighten(file: string, atMost: number): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined || found.isSymbolicLink() || found.uid !== process.getuid?.()) return;
  const mode = found.mode & 0o7777;
  if ((mode & ~atMost) !== 0) chmodSync(file, mode & atMost);
}

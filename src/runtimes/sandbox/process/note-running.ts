import { existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identifyProcess } from './identity';

/**
 * Writes the pid of this process to the folder that scripts/running.mjs reads, so that no build replaces its code, even after the start
 * process was killed. Outside of a checkout the folder is absent.
 */
export function noteRunning(dist: string): void {
  const folder = path.join(dist, '.running');
  if (!existsSync(folder)) return;
  const startedAt = process.platform === 'linux' ? (identifyProcess(process.pid)?.startedAt ?? '') : 'unknown';
  const file = path.join(folder, String(process.pid));
  // Renamed into place: a reader that finds an empty file takes its process for an ended one. It ignores names that are no pid.
  const draft = `${file}.draft`;
  try {
    writeFileSync(draft, startedAt);
    renameSync(draft, file);
  } catch {
    // The folder may belong to another user, whose start process has its own entry.
  }
}

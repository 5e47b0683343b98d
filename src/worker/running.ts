import { existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identifyProcess } from '../runtimes/sandbox/process/identity';

/**
 * Writes this worker down where scripts/running.mjs looks, so that nothing is compiled over it even when the start that began it was
 * killed. Where the code is no checkout's there is no such folder, and nobody who would compile.
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
    // It may be another user's, whose own start is written down.
  }
}

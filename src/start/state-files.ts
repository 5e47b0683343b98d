import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ProcessIdentity } from '../runtimes/sandbox/process/identity';

/** `DIR/stack.json`: where the stack answers, for the command line and other programs. */
export interface StackFile {
  /** The start process itself. */
  pid: number;
  temporal: { address: string; namespace: string };
  /** The Web UI's URL. */
  ui: string;
  /** The gateway's URL on this machine. */
  gateway: string;
  runtime: string;
}

/** `DIR/processes.json`: what was started, so that the next start can end what a killed one left. */
export interface ProcessesFile {
  start?: ProcessIdentity;
  server?: ProcessIdentity;
  worker?: ProcessIdentity;
  gateway?: ProcessIdentity;
}

export const writeStackFile = (dir: string, stack: StackFile): void => writeWhole(path.join(dir, 'stack.json'), stack);

export const removeStackFile = (dir: string): void => rmSync(path.join(dir, 'stack.json'), { force: true });

export const writeProcessesFile = (dir: string, processes: ProcessesFile): void =>
  writeWhole(path.join(dir, 'processes.json'), processes);

/** Empty when there is none, or none that can be read: a start that was cut off before it started anything left nothing. */
export function readProcessesFile(dir: string): ProcessesFile {
  try {
    return JSON.parse(readFileSync(path.join(dir, 'processes.json'), 'utf8')) as ProcessesFile;
  } catch {
    return {};
  }
}

// By rename, so that a reader never sees half a file.
function writeWhole(file: string, content: unknown): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

import type { ShellStreams } from '../../shell-request';
import type { Entry } from './enter';

/** How a shell is started. */
export interface ShellRun {
  entry: Entry;
  streams: ShellStreams;
  /** The uid of the image's user, where root makes the terminal; null where the caller is that user. */
  terminalOwner: number | null;
  /** Receives the pid of the started process, so that it can be ended with its descendants when the caller aborts. */
  onStart(pid: number): void;
}

/** How a shell ended: its exit code, or the number of the signal that ended it. */
export interface ShellEnd {
  code: number | null;
  signal: number;
}

import type { Entry } from './enter';

/** A shell on its way: what it is started by, and what is waited for. */
export interface ShellRun {
  entry: Entry;
  /** The kind of terminal, as in TERM. */
  terminal: string;
  /** Told of the started process, to end it and all below it when the caller waits no longer. */
  onStart(pid: number): void;
}

/** How a shell ended; the signal's number where one ended it. */
export interface ShellEnd {
  code: number | null;
  signal: number;
}

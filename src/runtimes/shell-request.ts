import type { Readable, Writable } from 'node:stream';

/** A terminal, or one command, that a caller opens in a pod. */
export interface ShellRequest {
  /** The command and its arguments; empty for the user's login shell. */
  command: string[];
  streams: ShellStreams;
  /** Kills the shell with all that it started. */
  signal: AbortSignal;
}

/**
 * The caller's side of a shell. The shell is hung up, as by a terminal that was closed, when `stdin` is destroyed before its end. An
 * output that is destroyed is closed for the program inside too.
 */
export interface ShellStreams {
  stdin: Readable & Descriptor;
  stdout: Writable & Descriptor;
  /** Unused where there is a terminal, whose one output is `stdout`. */
  stderr: Writable & Descriptor;
  /** The caller's terminal; the shell then gets a terminal inside. Null: it gets pipes. */
  terminal: CallerTerminal | null;
  /** The kind of terminal, as in TERM. */
  term: string;
  /**
   * Calls the listener for each signal that the keys of the caller's terminal send while the shell has none of its own. Returns a function
   * that ends this. A runtime that cannot deliver signals does not call it.
   */
  onKeySignal(listener: (signal: KeySignal) => void): () => void;
}

/** A signal that a key of a terminal sends to what runs there. */
export type KeySignal = 'SIGINT' | 'SIGQUIT';

/** A stream of this process's own that is no terminal is given to the program inside as it is, where the runtime can do that. */
interface Descriptor {
  fd?: number;
  isTTY?: boolean;
}

/** The caller's terminal. */
export interface CallerTerminal {
  size(): TerminalSize;
  /** Calls the listener when the size has changed, until the function that it returns is called. */
  onResize(listener: () => void): () => void;
  /** Whether each key arrives alone and unchanged. */
  setRawMode(isRaw: boolean): void;
}

/** In characters, both at least 1. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** Calls the listener once when the caller hangs up. Returns a function that ends this. */
export function onHangup({ stdin }: Pick<ShellStreams, 'stdin'>, listener: () => void): () => void {
  const hangUp = () => {
    if (!stdin.readableEnded) listener();
  };
  if (stdin.destroyed) queueMicrotask(hangUp);
  else stdin.once('close', hangUp);
  return () => void stdin.off('close', hangUp);
}

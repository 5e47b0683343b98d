/**
 * The messages of a terminal through the gateway, on one WebSocket. Binary messages carry data behind one byte that names its channel; text
 * messages are JSON objects with one field. The client begins with `open`; the server ends with `exit` or `error`, and closes.
 *
 * Neither side sends more than `WINDOW_BYTES` of data that the other has not reported as `taken`, so that both always read the connection,
 * and a peer that answers no ping is gone.
 */

/** The WebSocket's subprotocol. */
export const SHELL_PROTOCOL = 'perennial.shell.v1';

/** The first byte of a binary message. */
export const SHELL_CHANNEL = { stdin: 0, stdout: 1, stderr: 2 } as const;

/** How much data may be under way in each direction; the two outputs count together. */
export const WINDOW_BYTES = 1024 * 1024;

/** The longest message, the channel's byte included. */
export const MAX_SHELL_MESSAGE_BYTES = 64 * 1024;

/** The size of a terminal in characters, each from 1 to 65,535. */
export interface ShellSize {
  columns: number;
  rows: number;
}

/** What is to be opened. */
export interface ShellOpening {
  /** The command and its arguments; empty: the login shell. */
  command: string[];
  /** The client's terminal; null: the command gets pipes. */
  terminal: ShellSize | null;
  /** The kind of terminal, as in TERM. */
  term: string;
}

/** A text message of the client. */
export type ShellClientMessage =
  | { open: ShellOpening }
  | { resize: ShellSize }
  /** The input has ended. */
  | { end: true }
  /** A signal of the keys of a client that has no terminal for the command. */
  | { signal: 'SIGINT' | 'SIGQUIT' }
  /** The number of bytes of output that were taken since the last such message. */
  | { taken: number };

/** A text message of the server. */
export type ShellServerMessage =
  /** The number of bytes of input that were taken since the last such message. */
  | { taken: number }
  /** The exit code; all output has been sent. */
  | { exit: number }
  /** Why the shell could not be opened, or was closed; `type` is of the closed list of failures. */
  | { error: { type: string; message: string } };

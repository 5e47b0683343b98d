import type { Readable, Writable } from 'node:stream';
import { READ_INJECTED } from '../../../hooks/inject/read-injected';
import { onAbort } from '../../../hooks/until-aborted';
import { RuntimeFailure } from '../../failure';
import { type CallerTerminal, onHangup, type ShellRequest, type ShellStreams } from '../../shell-request';
import { LOGIN } from '../login-script';
import { CHANNEL, type ExecConnection, type ExecTarget, listen } from './channels';
import { createMarker, type Marker, streamedCommand } from './end-marker';
import { openConnection } from './run-command';

const START = `${READ_INJECTED}\nexec env "$@"`;

/**
 * Opens a terminal, or one command, on the caller's streams, and resolves with its exit code. Its processes have the id in their
 * environment.
 * @throws RuntimeUnavailable when the connection is lost before the end; the signal's reason
 */
export async function runShell(target: ExecTarget, { command, streams, signal }: ShellRequest, id = ''): Promise<number> {
  signal.throwIfAborted();
  const variables = [`TERM=${streams.term}`, `PERENNIAL_SHELL_ID=${id}`];
  const argv = ['sh', '-c', START, 'sh', ...variables, ...(command.length > 0 ? command : LOGIN)];
  const { terminal } = streams;
  return terminal === null
    ? runPiped({ target, argv, streams, signal })
    : runTerminal({ target, argv, streams, terminal, signal });
}

interface Run {
  target: ExecTarget;
  argv: string[];
  streams: ShellStreams;
  signal: AbortSignal;
}

/** A terminal has one stream, on which a marker would be visible, so that the exit code is the server's. */
async function runTerminal({ target, argv, streams, terminal, signal }: Run & { terminal: CallerTerminal }): Promise<number> {
  const socket = await openConnection(target, { argv, stdin: true, tty: true });
  const end = { status: '' };
  const { stdin, stdout } = streams;
  const connection = listen(socket, (channel, data) => {
    if (channel === CHANNEL.stdout) writeOutput(connection, stdout, data);
    if (channel === CHANNEL.status) end.status = data.toString('utf8');
  });
  const resize = () => {
    const { columns, rows } = terminal.size();
    connection.send(CHANNEL.resize, JSON.stringify({ Width: columns, Height: rows }));
  };
  terminal.setRawMode(true);
  const stops = [
    sendInput(connection, stdin, () => undefined),
    terminal.onResize(resize),
    onAbort(signal, connection.close),
    onHangup(streams, connection.close),
  ];
  try {
    resize();
    await connection.closed;
    signal.throwIfAborted();
    return readStatus(end.status, target);
  } finally {
    terminal.setRawMode(false);
    for (const stop of stops) stop();
  }
}

/**
 * The server copies each stream separately, so that one may end long before the other: the command has ended when both have.
 * Only version 5 of the protocol can close the input.
 */
async function runPiped({ target, argv, streams, signal }: Run): Promise<number> {
  const marker = createMarker();
  const socket = await openConnection(target, {
    argv: streamedCommand(marker, argv),
    stdin: true,
    tty: false,
    protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
  });
  const output = holdMarker(marker, (data) => writeOutput(connection, streams.stdout, data));
  const errors = holdMarker(marker, (data) => writeOutput(connection, streams.stderr, data));
  const connection = listen(socket, (channel, data) => {
    if (channel === CHANNEL.stdout) output.push(data);
    if (channel === CHANNEL.stderr) errors.push(data);
  });
  const endInput = () => connection.send(CHANNEL.close, Buffer.from([CHANNEL.stdin]));
  const stops = [
    sendInput(connection, streams.stdin, endInput),
    onAbort(signal, connection.close),
    onHangup(streams, connection.close),
  ];
  try {
    const codes = await Promise.race([connection.closed, Promise.all([output.ended, errors.ended])]);
    signal.throwIfAborted();
    if (codes) return codes[0];
    throw lost(target);
  } finally {
    for (const stop of stops) stop();
    connection.close();
  }
}

/** Reading pauses when more input than the first waits to be sent, and resumes below the second. */
const PAUSE_ABOVE_BYTES = 1024 * 1024;
const RESUME_BELOW_BYTES = 256 * 1024;

/** Reads no faster than the command does. Returns a function that ends it. */
function sendInput(connection: ExecConnection, stdin: Readable, end: () => void): () => void {
  let isOver = false;
  const goOn = () => {
    if (!isOver && stdin.isPaused() && connection.waiting() <= RESUME_BELOW_BYTES) stdin.resume();
  };
  const send = (data: Buffer) => {
    connection.send(CHANNEL.stdin, data, goOn);
    if (connection.waiting() > PAUSE_ABOVE_BYTES) stdin.pause();
  };
  stdin.on('data', send);
  stdin.once('end', end);
  return () => {
    isOver = true;
    stdin.off('data', send);
    stdin.off('end', end);
    stdin.pause();
  };
}

/** Writes output, and reads no more of the command until the stream has drained or closed. */
function writeOutput(connection: ExecConnection, stream: Writable, data: Buffer): void {
  if (data.length === 0 || stream.write(data) || stream.destroyed) return;
  connection.hold();
  const goOn = () => {
    stream.off('drain', goOn);
    stream.off('close', goOn);
    connection.release();
  };
  stream.on('drain', goOn);
  stream.on('close', goOn);
}

/** Longer than an exit code after a marker: other text was no marker. */
const LONGEST_CODE = 8;

/** Passes on all data before the marker, which may arrive in pieces. `ended` resolves with the exit code. */
function holdMarker({ text }: Marker, pass: (data: Buffer) => void) {
  let held = '';
  let isOver = false;
  let end: (exitCode: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  return {
    ended,
    push(data: Buffer) {
      // Background processes of the command may go on to write.
      if (isOver) return;
      held += data.toString('latin1');
      const at = held.indexOf(text);
      const found = at < 0 ? null : /^:(\d+);/.exec(held.slice(at + text.length));
      const isMarker = at >= 0 && (found !== null || held.length - at <= text.length + LONGEST_CODE);
      const keep = isMarker ? held.length - at : overlap(held, text);
      pass(Buffer.from(held.slice(0, held.length - keep), 'latin1'));
      held = held.slice(held.length - keep);
      if (found === null) return;
      isOver = true;
      end(Number(found[1]));
    },
  };
}

/** How many characters at the end may be the beginning of the marker. */
function overlap(held: string, text: string): number {
  for (let length = Math.min(held.length, text.length - 1); length > 0; length -= 1)
    if (text.startsWith(held.slice(-length))) return length;
  return 0;
}

function readStatus(text: string, target: ExecTarget): number {
  const status = parseStatus(text);
  if (status?.status === 'Success') return 0;
  const code = status?.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code !== undefined) return Number(code);
  throw lost(target, status?.message);
}

interface ExecStatus {
  status?: string;
  message?: string;
  details?: { causes?: { reason: string; message: string }[] };
}

function parseStatus(text: string): ExecStatus | null {
  try {
    return JSON.parse(text) as ExecStatus;
  } catch {
    return null;
  }
}

function lost({ pod }: ExecTarget, why = 'the connection was lost'): RuntimeFailure {
  return new RuntimeFailure('RuntimeUnavailable', `the terminal in pod ${pod} ended without its exit code: ${why}`);
}

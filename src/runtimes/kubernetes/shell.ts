import type { ReadStream, WriteStream } from 'node:tty';
import { RuntimeFailure } from '../failure';
import { CHANNEL, type ExecPlace, type ExecSocket, listen } from './exec-channel/channels';
import { createMarker, type Marker, streamedCommand } from './exec-channel/end-marker';
import { openLine } from './exec-channel/run-command';
import { LOGIN } from './login-script';

export interface ShellRequest {
  argv: string[];
  /** The kind of terminal, as in TERM. */
  terminal: string;
  signal: AbortSignal;
  streams?: ShellStreams;
}

/** The caller's own streams. */
export interface ShellStreams {
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

/**
 * Opens a terminal, or one command, on the caller's own standard streams, and resolves with its exit code.
 * @throws RuntimeUnavailable when the connection is lost before the end; the signal's reason
 */
export async function runShell(place: ExecPlace, request: ShellRequest): Promise<number> {
  const { streams = process, signal, terminal } = request;
  signal.throwIfAborted();
  const argv = ['env', `TERM=${terminal}`, ...(request.argv.length > 0 ? request.argv : LOGIN)];
  const given = { place, argv, streams, signal };
  return streams.stdin.isTTY && streams.stdout.isTTY ? runTerminal(given) : runPiped(given);
}

interface Run {
  place: ExecPlace;
  argv: string[];
  streams: ShellStreams;
  signal: AbortSignal;
}

/** A terminal has one stream, on which a mark would show, so here the server's word on the end is all there is. */
async function runTerminal({ place, argv, streams, signal }: Run): Promise<number> {
  const socket = await openLine(place, { argv, stdin: true, tty: true });
  const end = { status: '' };
  const line = listen(socket, (channel, data) => {
    if (channel === CHANNEL.stdout) pour(line, streams.stdout, data);
    if (channel === CHANNEL.status) end.status = data.toString('utf8');
  });
  const { stdin, stdout } = streams as { stdin: ReadStream; stdout: WriteStream };
  const resize = () => line.send(CHANNEL.resize, JSON.stringify({ Width: stdout.columns, Height: stdout.rows }));
  stdin.setRawMode(true);
  const stopSending = sendInput(line, stdin, () => undefined);
  stdout.on('resize', resize);
  const stopHeeding = closeOnAbort(line, signal);
  try {
    resize();
    await line.closed;
    signal.throwIfAborted();
    return readStatus(end.status, place);
  } finally {
    stdin.setRawMode(false);
    stopSending();
    stdout.off('resize', resize);
    stopHeeding();
  }
}

/**
 * Each stream is copied on its own way, so that one may come to its end long before the other: only when both have is it the end.
 * Only version 5 of the protocol can tell a command that its input has ended.
 */
async function runPiped({ place, argv, streams, signal }: Run): Promise<number> {
  const marker = createMarker();
  const socket = await openLine(place, {
    argv: streamedCommand(marker, argv),
    stdin: true,
    tty: false,
    protocols: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
  });
  const output = holdMark(marker, (data) => pour(line, streams.stdout, data));
  const errors = holdMark(marker, (data) => pour(line, streams.stderr, data));
  const line = listen(socket, (channel, data) => {
    if (channel === CHANNEL.stdout) output.push(data);
    if (channel === CHANNEL.stderr) errors.push(data);
  });
  const stopSending = sendInput(line, streams.stdin, () => line.send(CHANNEL.close, Buffer.from([CHANNEL.stdin])));
  const stopHeeding = closeOnAbort(line, signal);
  try {
    const codes = await Promise.race([line.closed, Promise.all([output.ended, errors.ended])]);
    signal.throwIfAborted();
    if (codes) return codes[0];
    throw lost(place);
  } finally {
    stopSending();
    line.close();
    stopHeeding();
  }
}

/** The signal may have been aborted while the line was being opened. */
function closeOnAbort(line: ExecSocket, signal: AbortSignal): () => void {
  signal.addEventListener('abort', line.close, { once: true });
  if (signal.aborted) line.close();
  return () => signal.removeEventListener('abort', line.close);
}

/** How much input waits here at most, and how little it is when more is read. */
const MOST_WAITING_BYTES = 1024 * 1024;
const FEW_WAITING_BYTES = 256 * 1024;

/** Reads no faster than the command does. Returns what ends it. */
function sendInput(line: ExecSocket, stdin: NodeJS.ReadStream, end: () => void): () => void {
  let isOver = false;
  const goOn = () => {
    if (!isOver && stdin.isPaused() && line.waiting() <= FEW_WAITING_BYTES) stdin.resume();
  };
  const send = (data: Buffer) => {
    line.send(CHANNEL.stdin, data, goOn);
    if (line.waiting() > MOST_WAITING_BYTES) stdin.pause();
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

/** Writes, and hears no more of the command until that was taken, or nobody takes anything any more. */
function pour(line: ExecSocket, stream: NodeJS.WriteStream, data: Buffer): void {
  if (data.length === 0 || stream.write(data) || stream.destroyed) return;
  line.hold();
  const goOn = () => {
    stream.off('drain', goOn);
    stream.off('close', goOn);
    line.release();
  };
  stream.on('drain', goOn);
  stream.on('close', goOn);
}

/** Longer than what follows the mark can be: then it was none. */
const LONGEST_CODE = 8;

/** Passes on all that comes before the mark, which may come in pieces. `ended` resolves with the exit code. */
function holdMark({ text }: Marker, pass: (data: Buffer) => void) {
  let held = '';
  let isOver = false;
  let end: (exitCode: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  return {
    ended,
    push(data: Buffer) {
      // What was left running in the background may go on to write.
      if (isOver) return;
      held += data.toString('latin1');
      const at = held.indexOf(text);
      const found = at < 0 ? null : /^:(\d+);/.exec(held.slice(at + text.length));
      const isMark = at >= 0 && (found !== null || held.length - at <= text.length + LONGEST_CODE);
      const keep = isMark ? held.length - at : overlap(held, text);
      pass(Buffer.from(held.slice(0, held.length - keep), 'latin1'));
      held = held.slice(held.length - keep);
      if (found === null) return;
      isOver = true;
      end(Number(found[1]));
    },
  };
}

/** How many characters at the end may be the beginning of the mark. */
function overlap(held: string, text: string): number {
  for (let length = Math.min(held.length, text.length - 1); length > 0; length -= 1)
    if (text.startsWith(held.slice(-length))) return length;
  return 0;
}

function readStatus(text: string, place: ExecPlace): number {
  const status = parseStatus(text);
  if (status?.status === 'Success') return 0;
  const code = status?.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code !== undefined) return Number(code);
  throw lost(place, status?.message);
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

function lost({ pod }: ExecPlace, why = 'the connection was lost'): RuntimeFailure {
  return new RuntimeFailure('RuntimeUnavailable', `the terminal in pod ${pod} ended without its exit code: ${why}`);
}

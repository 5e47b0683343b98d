import { chownSync, readSync, statSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import type { IPty } from '@lydell/node-pty';
import { onHangup, type ShellStreams } from '../../shell-request';
import type { ShellEnd, ShellRun } from './shell-run';

/** Runs a shell in a new terminal, and connects that to the caller's: size, keys, and output. */
export async function runTerminal({ entry, streams, terminalOwner, onStart }: ShellRun): Promise<ShellEnd> {
  // A native module, loaded only where a terminal is opened.
  const { spawn } = await import('@lydell/node-pty');
  const { program, args, env, uid, gid } = entry;
  const { columns: cols = 80, rows = 24 } = streams.terminal?.size() ?? {};
  const owner = uid === undefined ? {} : { uid, gid };
  const inner = spawn(program, args, { cols, rows, ...owner, name: streams.term, cwd: '/', env, encoding: null });
  if (terminalOwner !== null) giveTerminal(inner, terminalOwner);
  keepLastOutput(inner);
  const disconnect = connect(inner, streams);
  try {
    return await new Promise((resolve) => {
      inner.onExit(({ exitCode, signal = 0 }) => resolve({ code: signal === 0 ? exitCode : null, signal }));
      onStart(inner.pid);
    });
  } finally {
    disconnect();
  }
}

/** As container runtimes do: programs inside open their terminal again by its name, and a campaign's warning is written to it. */
function giveTerminal(inner: IPty, uid: number): void {
  const { ptsName } = inner as unknown as { ptsName: string };
  chownSync(ptsName, uid, statSync(ptsName).gid);
}

/** More than the kernel holds of a terminal's output for its reader. */
const MAX_UNREAD_BYTES = 128 * 1024;

/**
 * Reads what a caller that is slow has not taken yet when the program exits. Node ends the stream with the program,
 * after at most 4 KiB, and node-pty closes it 200 ms after the exit, read or not. A program that is left in the background may write
 * without limit, so the rest that is read has one.
 */
function keepLastOutput(inner: IPty): void {
  const { _socket: socket, fd } = inner as unknown as { _socket: ReadStream; fd: number };
  const readRest = () => {
    while (socket.read() !== null);
    for (let bytes = 0; bytes < MAX_UNREAD_BYTES; ) {
      const piece = readPiece(fd);
      if (piece.length === 0) return;
      bytes += piece.length;
      socket.emit('data', piece);
    }
  };
  // Before Node's own listener, which closes it.
  socket.prependListener('end', readRest);
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error) => {
    socket.destroy = destroy;
    if (!error) readRest();
    return destroy(error);
  };
}

/** Empty where there is nothing now, or nothing any more. */
function readPiece(fd: number): Buffer {
  const piece = Buffer.alloc(4_096);
  try {
    return piece.subarray(0, readSync(fd, piece));
  } catch {
    return piece.subarray(0, 0);
  }
}

function connect(inner: IPty, { stdin, stdout, terminal }: ShellStreams): () => void {
  const { _socket: socket } = inner as unknown as { _socket: ReadStream & Writable };
  const type = (keys: Buffer) => {
    if (!socket.write(keys)) stdin.pause();
  };
  const readOn = () => stdin.resume();
  const resize = () => {
    const { columns, rows } = terminal?.size() ?? {};
    try {
      if (columns && rows) inner.resize(columns, rows);
    } catch {
      // It is ending.
    }
  };
  const goOn = () => inner.resume();
  inner.onData((data) => {
    // Backpressure: a full terminal pauses the output.
    if (!stdout.destroyed && !stdout.write(data)) inner.pause();
  });
  stdout.on('drain', goOn);
  // A closed output holds no program up.
  stdout.on('close', goOn);
  // Without its reader the kernel hangs the terminal up.
  const { destroy } = inner as unknown as { destroy(): void };
  const stops = [terminal?.onResize(resize), onHangup({ stdin }, () => destroy.call(inner))];
  terminal?.setRawMode(true);
  socket.on('drain', readOn);
  stdin.on('data', type);
  return () => {
    stdin.off('data', type);
    socket.off('drain', readOn);
    terminal?.setRawMode(false);
    stdin.pause();
    for (const stop of stops) stop?.();
    stdout.off('drain', goOn);
    stdout.off('close', goOn);
  };
}

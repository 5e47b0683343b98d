import { fstatSync, writeSync } from 'node:fs';
import type { Output } from '../context';

/** As a program that a closed pipe ends: 128 and the number of SIGPIPE. */
const CLOSED_PIPE = 141;

type Stream = NodeJS.WriteStream & { fd: number };

/** The process's own output, and what became of it. */
export interface ProcessOutput extends Output {
  /**
   * Resolves with the exit code of a command whose output cannot arrive: its reader has closed the pipe, or a write failed. Only the
   * failed write is reported, on standard error.
   */
  broken: Promise<number>;
  /** The exit code of a command that has ended with `code`, once all that it printed has arrived or is known to be lost. */
  finish(code: number): Promise<number>;
}

/** Prints through the two streams. A write that fails is found out here and nowhere else. */
export function openOutput({ stdout, stderr }: { stdout: Stream; stderr: Stream }): ProcessOutput {
  let isLost = false;
  let hasEnded = false;
  let giveUp = (_code: number): void => {};
  const broken = new Promise<number>((resolve) => {
    giveUp = resolve;
  });
  const fail = (error: Error) => {
    if (isClosedPipe(error)) return hasEnded ? undefined : giveUp(CLOSED_PIPE);
    if (!isLost) stderr.write(`perennial: Failed: standard output could not be written: ${error.message}\n`);
    isLost = true;
    giveUp(1);
  };
  stdout.on('error', fail);
  stderr.on('error', (error) => {
    if (!isClosedPipe(error)) isLost = true;
  });
  return {
    write: isFile(stdout) ? (text) => writeWhole({ fd: stdout.fd, text, fail }) : (text) => stdout.write(text),
    writeError: (text) => stderr.write(text),
    columns: () => (stdout.isTTY ? stdout.columns || 80 : null),
    broken,
    finish: async (code) => {
      hasEnded = true;
      // Only behind others: a full device refuses even a write of nothing.
      for (const stream of [stdout, stderr].filter(({ writableLength }) => writableLength > 0))
        await new Promise<void>((resolve) => stream.write('', () => resolve()));
      // The streams emit an error after the write that failed.
      await new Promise((resolve) => setImmediate(resolve));
      return isLost && code === 0 ? 1 : code;
    },
  };
}

const isClosedPipe = (error: NodeJS.ErrnoException): boolean => error.code === 'EPIPE';

function isFile({ fd }: Stream): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

/** A disk that becomes full takes a part of a write and says so by its length alone, which Node's own stream does not look at. */
function writeWhole({ fd, text, fail }: { fd: number; text: string; fail: (error: Error) => void }): void {
  try {
    for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
  } catch (error) {
    fail(error instanceof Error ? error : new Error(String(error)));
  }
}

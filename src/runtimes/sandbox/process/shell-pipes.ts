import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { onHangup, type ShellStreams } from '../../shell-request';
import type { ShellEnd, ShellRun } from './shell-run';

/**
 * Runs a shell on the caller's own pipes and files. A stream without a descriptor, or that is a terminal, is replaced by a pipe. The shell
 * runs in a session of its own without a terminal, so the signals of a terminal's keys are forwarded to it.
 */
export async function runPiped({ entry, streams, onStart }: ShellRun): Promise<ShellEnd> {
  const { program, args, env, uid, gid } = entry;
  const { stdin, stdout, stderr } = streams;
  const stdio = [stdin, stdout, stderr].map(({ fd, isTTY }) => (fd === undefined || isTTY ? 'pipe' : fd));
  const child = spawn(program, args, { env, uid, gid, cwd: '/', detached: true, stdio });
  child.stdin?.on('error', () => {});
  if (child.stdin !== null) stdin.pipe(child.stdin);
  const outputs = [passOn(child.stdout, stdout), passOn(child.stderr, stderr)];
  const stopForwarding = forwardSignals(child, streams);
  try {
    if (child.pid !== undefined) onStart(child.pid);
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    await Promise.all(outputs.map((rest) => rest()));
    return { code, signal: signal === null ? 0 : constants.signals[signal] };
  } finally {
    stopForwarding();
    if (child.stdin !== null) stdin.unpipe(child.stdin).pause();
    for (const stream of child.stdio) stream?.destroy();
  }
}

/** More than the kernel holds of a pipe's content. What a program has left in the background may write without limit. */
const MAX_REST_BYTES = 1024 * 1024;

/**
 * Passes output on as fast as the caller takes it, and closes it when the caller has closed. Returns a function that passes on the rest
 * after the end of the program, however slowly the caller takes it; a turn of the event loop without output counts as its end.
 */
function passOn(from: Readable | null, to: Writable): () => Promise<void> {
  if (from === null) return async () => {};
  let bytes = 0;
  let taken = Promise.resolve();
  from.on('error', () => {});
  from.on('data', (data: Buffer) => {
    bytes += data.length;
    if (to.destroyed || to.write(data)) return;
    from.pause();
    taken = untilTaken(to).then(() => void from.resume());
  });
  const close = () => void from.destroy();
  to.once('close', close);
  from.once('close', () => to.off('close', close));
  return async () => {
    const end = bytes + MAX_REST_BYTES;
    for (let before = -1; before !== bytes && bytes < end && !from.destroyed; ) {
      before = bytes;
      await taken;
      await turn();
      await turn();
    }
    await taken;
  };
}

/** Resolves when a stream has taken what was written to it, or is closed. */
function untilTaken(to: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      to.off('drain', done);
      to.off('close', done);
      resolve();
    };
    to.on('drain', done);
    to.on('close', done);
    if (to.destroyed) done();
  });
}

function forwardSignals({ pid }: ChildProcess, streams: ShellStreams): () => void {
  const forward = (signal: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  };
  const stops = [streams.onKeySignal(forward), onHangup(streams, () => forward('SIGHUP'))];
  return () => {
    for (const stop of stops) stop();
  };
}

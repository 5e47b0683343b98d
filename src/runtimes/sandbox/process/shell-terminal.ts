import type { IPty } from '@lydell/node-pty';
import type { ShellEnd, ShellRun } from './shell-run';

/** Runs a shell in a new terminal, and connects that to the caller's: size, keys, and output. */
export async function runTerminal({ entry, terminal, onStart }: ShellRun): Promise<ShellEnd> {
  // A native module, loaded only where a terminal is opened.
  const { spawn } = await import('@lydell/node-pty');
  const { program, args, env, uid, gid } = entry;
  const { stdout } = process;
  const size = () => ({ cols: stdout.columns || 80, rows: stdout.rows || 24 });
  const owner = uid === undefined ? {} : { uid, gid };
  const inner = spawn(program, args, { ...size(), ...owner, name: terminal, cwd: '/', env, encoding: null });
  const disconnect = connect(inner, size);
  try {
    return await new Promise((resolve) => {
      inner.onExit(({ exitCode, signal = 0 }) => resolve({ code: signal === 0 ? exitCode : null, signal }));
      onStart(inner.pid);
    });
  } finally {
    disconnect();
  }
}

function connect(inner: IPty, size: () => { cols: number; rows: number }): () => void {
  const { stdin, stdout } = process;
  // The types allow only strings; keys are bytes, and not always text.
  const type = (keys: Buffer) => inner.write(keys as unknown as string);
  const resize = () => {
    const { cols, rows } = size();
    try {
      inner.resize(cols, rows);
    } catch {
      // It is ending.
    }
  };
  const goOn = () => inner.resume();
  inner.onData((data) => {
    // Backpressure: a full terminal pauses the output.
    if (!stdout.write(data)) inner.pause();
  });
  stdout.on('drain', goOn);
  stdout.on('resize', resize);
  stdin.setRawMode(true);
  stdin.on('data', type);
  return () => {
    stdin.off('data', type);
    stdin.setRawMode(false);
    stdin.pause();
    stdout.off('resize', resize);
    stdout.off('drain', goOn);
  };
}

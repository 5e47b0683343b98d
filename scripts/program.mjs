import { spawn } from 'node:child_process';

const KEPT_CHARACTERS = 20_000;
/** Within it a program that took too long ends what it started, and writes down its results. */
const END_MS = 30_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
/**
 * The signal that ends this process: the programs that ran got it too, and no other is started.
 * @type {NodeJS.Signals | null}
 */
let received = null;

/**
 * Runs a program with its output shown, and resolves with how it ended, `exit code 0` or otherwise, and with the end of what it
 * printed. One that takes longer than `limitMs` is sent SIGTERM, and later SIGKILL, with all that it started. A label stands before each line, so that what two
 * programs print at the same time can be distinguished.
 * @param {{ program: string, args: string[], env?: NodeJS.ProcessEnv, cwd?: string, label?: string, limitMs?: number | undefined }} run
 * @returns {Promise<{ how: string, printed: string }>}
 */
export function runProgram({ program, args, env = process.env, cwd, label, limitMs = MAX_TIMER_MS }) {
  return new Promise((resolve) => {
    if (received !== null) return resolve({ how: `signal ${received}`, printed: '' });
    // A group of its own, so that its children can be ended with it.
    const child = spawn(program, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let isLate = false;
    const kill = (/** @type {NodeJS.Signals} */ signal) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // It has ended.
      }
    };
    const timers = [
      setTimeout(() => {
        isLate = true;
        kill('SIGTERM');
      }, limitMs),
      setTimeout(() => kill('SIGKILL'), Math.min(limitMs + END_MS, MAX_TIMER_MS)),
    ];
    const passOn = (/** @type {NodeJS.Signals} */ signal) => {
      received ??= signal;
      kill(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn);
    for (const [stream, output] of /** @type {const} */ ([
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])) {
      const write = (/** @type {string} */ text) => output.write(text);
      const show = label === undefined ? write : labelLines(label, write);
      stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        show(text);
        printed = (printed + text).slice(-KEPT_CHARACTERS);
      });
    }
    const end = (/** @type {string} */ how) => {
      for (const timer of timers) clearTimeout(timer);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, passOn);
      resolve({ how: isLate ? `its time limit of ${limitMs / 60_000} min` : how, printed });
    };
    child.once('error', (error) => end(error.message));
    // A process that it left running may hold its output open without limit.
    child.once('exit', (code, signal) => setTimeout(end, 500, signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

/**
 * Writes whole lines only, each with the label before it.
 * @param {string} label
 * @param {(text: string) => void} write
 * @returns {(text: string) => void}
 */
function labelLines(label, write) {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) write(`[${label}] ${line}\n`);
  };
}

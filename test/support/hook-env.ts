/** The inside of a workspace for tests: a home, an image's root, a run folder, and a real shell with nothing but coreutils. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Exec, HookProgress, HookSpec } from '../../src/hooks/hook';

/** Hooks never run as root, so the shell does not even where the tests do. */
const UID = process.getuid?.() === 0 ? 12_345 : (process.getuid?.() ?? 0);
/** What an image has beside its shell. */
export const TOOLS = 'cat chmod dd env git head id ln ls mkdir mv readlink rm rmdir seq setsid sleep tail touch tr true wc'.split(
  ' ',
);

/** Those of dash, bash, and busybox that this machine has. */
export const SHELLS = ['dash', 'bash', 'busybox'].filter((name) => findProgram(name) !== null);

export interface TestPod {
  home: string;
  /** Of build 1. */
  runFolder: string;
  exec: Exec;
  env: Record<string, string>;
  writeHome(file: string, text: string, mode?: number): void;
  readHome(file: string): string;
  writeRun(file: string, text: string): void;
  /** Files and folders of build 1, and the empty name for the folder itself; none before it is there. */
  listRun(): string[];
  writeConfigure(text: string, mode?: number): void;
  /** Ends every exec that is under way, with its process group where the runner can have its own. */
  killObservers(): void;
  remove(): void;
}

export function makeTestPod(shell: string, without: string[] = []): TestPod {
  const root = mkdtempSync(path.join(tmpdir(), 'hooks-test-'));
  const inside = (name: string) => path.join(root, name);
  for (const folder of ['home', 'run', 'rootfs', 'bin']) mkdirSync(inside(folder));
  linkTools(inside('bin'), shell, without);
  for (const folder of ['.', 'home', 'run']) chownSync(inside(folder), UID, UID);
  const env = {
    HOME: inside('home'),
    PATH: inside('bin'),
    PERENNIAL_RUN_DIR: inside('run'),
    PERENNIAL_ROOTFS: inside('rootfs'),
    PERENNIAL_SECRETS_DIR: inside('run/secrets'),
  };
  const observers = new Set<ChildProcess>();
  const runFolder = path.join(env.PERENNIAL_RUN_DIR, `.perennial-${UID}`, 'build-1');
  return {
    home: env.HOME,
    runFolder,
    env,
    exec: (command) => runCommand({ command, env, cwd: env.HOME, observers }),
    writeHome: (file, text, mode = 0o644) => writeOwned(path.join(env.HOME, file), text, mode),
    readHome: (file) => readFileSync(path.join(env.HOME, file), 'utf8'),
    writeRun: (file, text) => writeOwned(path.join(runFolder, file), text, 0o600),
    listRun: () => (existsSync(runFolder) ? ['', ...readdirSync(runFolder, { recursive: true, encoding: 'utf8' })] : []),
    writeConfigure(text, mode = 0o755) {
      writeOwned(inside('rootfs/coder/configure'), text, mode);
    },
    killObservers() {
      const sign = without.includes('setsid') ? 1 : -1;
      for (const { pid } of observers) if (pid !== undefined) process.kill(sign * pid, 'SIGKILL');
    },
    remove() {
      endProcesses(root);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export function specOf(changes: Partial<HookSpec> = {}): HookSpec {
  return { step: 'configure', build: 1, timeoutMs: 60_000, dotfiles: null, ...changes };
}

export function progressOf(signal: AbortSignal = new AbortController().signal): HookProgress & { sentences: string[] } {
  const sentences: string[] = [];
  return { signal, sentences, waitingFor: (sentence) => sentences.push(sentence) };
}

/** Whether a process lives, and is no zombie. */
export function isAlive(pid: number): boolean {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat !== '' && !/\) [ZX] /.test(stat);
}

function linkTools(bin: string, shell: string, without: string[]): void {
  symlinkSync(findProgram(shell) ?? shell, path.join(bin, 'sh'));
  for (const tool of TOOLS.filter((name) => !without.includes(name))) {
    const program = findProgram(shell === 'busybox' && tool !== 'git' ? 'busybox' : tool);
    if (program !== null) symlinkSync(program, path.join(bin, tool));
  }
}

/** Where this machine has a program; null when it has none. */
export function findProgram(name: string): string | null {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/** Folders that are made on the way belong to the user as well. */
function writeOwned(file: string, text: string, mode: number): void {
  makeOwned(path.dirname(file));
  writeFileSync(file, text);
  chmodSync(file, mode);
  chownSync(file, UID, UID);
}

function makeOwned(folder: string): void {
  if (existsSync(folder)) return;
  makeOwned(path.dirname(folder));
  mkdirSync(folder);
  chownSync(folder, UID, UID);
}

function runCommand(options: {
  command: Parameters<Exec>[0];
  env: Record<string, string>;
  cwd: string;
  observers: Set<ChildProcess>;
}): ReturnType<Exec> {
  const { command, env, cwd, observers } = options;
  const [program = '', ...args] = command.argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...env, ...command.env }, uid: UID, gid: UID, detached: true });
    observers.add(child);
    const parts: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    child.stdout.on('data', (part: Buffer) => parts.stdout.push(part));
    child.stderr.on('data', (part: Buffer) => parts.stderr.push(part));
    child.stdin.on('error', () => {});
    child.stdin.end(command.stdin ?? '');
    child.on('error', reject);
    child.on('close', (code, signal) => {
      observers.delete(child);
      if (signal !== null) reject(new Error(`connection lost: ${signal}`));
      else
        resolve({
          exitCode: code ?? -1,
          stdout: String(Buffer.concat(parts.stdout)),
          stderr: String(Buffer.concat(parts.stderr)),
        });
    });
  });
}

/** By the unique path of the pod in their environment. */
function endProcesses(root: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (!readProc(`/proc/${pid}/environ`).includes(`HOME=${root}/home`)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

function readProc(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { warnTerminalsCommand } from '../../../src/hooks/shell/warn-terminals';
import { findProgram, SHELLS } from '../../support/hook-env';
import { until } from '../../support/until';

const OWN = { CODER_USERNAME: 'ada', CODER_WORKSPACE_NAME: 'dev' };
const OTHER = { CODER_USERNAME: 'ada', CODER_WORKSPACE_NAME: 'dev-2' };
const TEXT = "Perennial: this workspace is rebuilt at 12:00 UTC: it's time, 100%s \\n $HOME";

let folder: string;
const terminals: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'warn-terminals-'));
});
afterAll(() => {
  for (const { pid } of terminals) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A terminal in which a program runs; what it shows is in the file. */
async function openTerminal(name: string, env: Record<string, string>): Promise<() => string> {
  const file = path.join(folder, name);
  const argv = ['-qfec', 'echo ready; exec sleep 60', file];
  const child = spawn('script', argv, { env: { PATH: process.env.PATH ?? '', ...env }, stdio: 'ignore', detached: true });
  terminals.push(child);
  const shown = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  await until('the terminal is there', () => shown().includes('ready'));
  return shown;
}

// Terminals are found in /proc, and made by util-linux; elsewhere there is nothing to warn.
const CAN_RUN = process.platform === 'linux' && findProgram('script') !== null;
const PLACES = CAN_RUN ? SHELLS : [];

test.each(PLACES)(
  'With %s each terminal of the workspace shows the warning once, as it is, and no other terminal shows it.',
  async (shell) => {
    const own = await openTerminal(`own-${shell}`, OWN);
    const second = await openTerminal(`second-${shell}`, OWN);
    const other = await openTerminal(`other-${shell}`, OTHER);
    const { argv, stdin } = warnTerminalsCommand(TEXT);
    const [, ...rest] = argv;
    const program = shell === 'busybox' ? ['busybox', 'sh', ...rest] : [shell, ...rest];
    const ended = spawnSync(program[0] ?? '', program.slice(1), {
      input: stdin,
      env: { PATH: process.env.PATH ?? '', ...OWN },
      encoding: 'utf8',
    });
    expect(ended).toMatchObject({ status: 0, stdout: '' });
    await until('both show it', () => own().includes(TEXT) && second().includes(TEXT));
    expect([own, second].map((shown) => shown().split(TEXT).length - 1)).toEqual([1, 1]);
    expect(other()).not.toContain('Perennial');
  },
);

test('Without a terminal the warning exits 0.', () => {
  const { argv, stdin } = warnTerminalsCommand(TEXT);
  const [program = '', ...rest] = argv;
  const env = { PATH: process.env.PATH ?? '', CODER_USERNAME: 'bob', CODER_WORKSPACE_NAME: 'none' };
  expect(spawnSync(program, rest, { input: stdin, env, encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

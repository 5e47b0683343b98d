/** `perennial logs` on a real home of the sandbox, in which anything may lie in a log's place. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createSandboxRuntime } from '../../src/runtimes/sandbox';
import { build, fakeClient, onTerminal, run, status } from '../support/cli/command-line';
import { createStackFolder } from '../support/cli/folder';

const dir = createStackFolder(['w1']);
const settings = { dir, images: dir, by: null };
const logs = path.join(dir, 'homes', 'w1', '.perennial', 'logs', 'build-1');
const log = path.join(logs, 'configure.log');
const outside = path.join(dir, 'outside.log');

beforeEach(() => {
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  writeFileSync(outside, 'not of this home\n');
});

const PLACES: [string, () => void][] = [
  ['nothing', () => undefined],
  ['a link to a file outside', () => symlinkSync(outside, log)],
  ['a link to nothing', () => symlinkSync(path.join(dir, 'nowhere'), log)],
  ['a folder', () => mkdirSync(log)],
  ['a pipe without a writer', () => void execFileSync('mkfifo', [log])],
  ['a folder that is a link', () => moveBehindLink()],
];

test.each(PLACES)(
  "With %s in the log's place the last lines that the workspace knows are printed, and a word on why.",
  async (_, make) => {
    make();
    const { code, out, error } = await run(['logs', 'ada/dev', '--step', 'configure'], given());
    expect({ code, out }).toEqual({ code: 0, out: 'known\n' });
    expect(error).toMatch(/^perennial: the log of configure of build 1 is not in the home any more; these are its last lines/);
  },
);

test('A log that is there is printed whole: raw into a pipe, without control codes on a terminal.', async () => {
  const text = '\u001b[32mfine\u001b[0m\n\u001b]0;owned\u0007\n';
  writeFileSync(log, text);
  const args = ['logs', 'ada/dev', '--step', 'configure'];
  expect(await run(args, given())).toEqual({ code: 0, out: text, error: '' });
  expect(await run(args, { ...given(), out: onTerminal(80) })).toEqual({ code: 0, out: 'fine\n\n', error: '' });
});

function moveBehindLink(): void {
  rmSync(logs, { recursive: true });
  const elsewhere = path.join(dir, 'elsewhere');
  mkdirSync(elsewhere, { recursive: true });
  writeFileSync(path.join(elsewhere, 'configure.log'), 'not of this home\n');
  symlinkSync(elsewhere, logs);
}

function given() {
  const steps = build().steps.map((step) => {
    return step.name === 'configure' ? { ...step, state: 'done' as const, lastLines: ['known'] } : step;
  });
  const client = fakeClient({ workspace: { status: async () => status(), build: async () => build({ steps }) } });
  return { client, settings, openRuntime: () => createSandboxRuntime({ dir, images: dir }) };
}

/** How CI reports a phase that ran nothing, and how it ends on a signal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const script = (name: string) => JSON.stringify(pathToFileURL(path.join(__dirname, '..', '..', 'scripts', name)).href);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-ci-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A module in a process of its own; `onOutput` takes what it printed so far, and may signal it. */
async function run(text: string, onOutput: (printed: string, kill: (signal: NodeJS.Signals) => void) => void = () => {}) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', text]);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    printed += piece;
    onOutput(printed, (signal) => child.kill(signal));
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, printed };
}

test('A phase that ran no test has failed, unless it says why it was left out.', async () => {
  const read = async (summary: object) => {
    const file = path.join(folder, 'summary.json');
    writeFileSync(file, JSON.stringify(summary));
    const ended = JSON.stringify({ name: 'a phase', how: 'exit code 0', printed: '' });
    const { printed } = await run(
      `import { readSummary } from ${script('summary.mjs')};
       console.log(JSON.stringify(readSummary(${JSON.stringify(file)}, ${ended}).failures));`,
    );
    return JSON.parse(printed) as { name: string; error: string }[];
  };
  expect(await read({ passed: 0, failures: [] })).toEqual([{ name: 'a phase', error: 'it ran no test' }]);
  expect(await read({ passed: 0, failures: [], note: 'left out' })).toEqual([]);
  expect(await read({ passed: 1, failures: [] })).toEqual([]);
});

test('A runner of programs that gets a signal passes it on, and starts no other program.', async () => {
  const text = `
    import { runProgram } from ${script('program.mjs')};
    const node = (line) => runProgram({ program: process.execPath, args: ['-e', line] });
    const first = await node("console.log('begun'); setInterval(() => {}, 1000)");
    const second = await node("console.log('another')");
    console.log(JSON.stringify([first.how, second.how]));`;
  const { code, printed } = await run(text, (said, kill) => {
    if (said === 'begun\n') kill('SIGTERM');
  });
  expect({ code, lines: printed.trim().split('\n') }).toEqual({
    code: 0,
    lines: ['begun', JSON.stringify(['signal SIGTERM', 'signal SIGTERM'])],
  });
});

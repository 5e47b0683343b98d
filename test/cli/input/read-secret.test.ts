import path from 'node:path';
import { PassThrough } from 'node:stream';
import { spawn as openTerminal } from '@lydell/node-pty';
import { readSecret } from '../../../src/cli/input/read-secret';

const SOURCE = path.join(__dirname, '..', '..', '..', 'src', 'cli', 'input', 'read-secret.ts');
const HOOK = path.join(__dirname, '..', '..', 'support', 'typescript-hook.cjs');

const piped = (...parts: Buffer[]) => {
  const stdin = new PassThrough();
  for (const part of parts) stdin.write(part);
  stdin.end();
  const stderr = new PassThrough();
  return readSecret({ stdin: stdin as unknown as NodeJS.ReadStream, stderr, question: 'Value: ' });
};

test('A pipe is read to its end, byte for byte, and nothing is asked.', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  expect(await piped(bytes, Buffer.from('\n'))).toEqual(Buffer.concat([bytes, Buffer.from('\n')]));
  expect(await piped()).toEqual(Buffer.alloc(0));
});

test('Of an endless pipe no more is read than any value may have.', async () => {
  const endless = new PassThrough();
  const timer = setInterval(() => endless.write(Buffer.alloc(64 * 1024)), 1);
  const read = await readSecret({
    stdin: endless as unknown as NodeJS.ReadStream,
    stderr: new PassThrough(),
    question: '',
  });
  clearInterval(timer);
  expect(read.length).toBeGreaterThan(64 * 1024);
  expect(read.length).toBeLessThan(1024 * 1024);
});

/** Asks on a terminal, types as soon as the question is there, and gives all that the terminal showed. */
function type(keys: string): Promise<string> {
  const script = `require(${JSON.stringify(SOURCE)}).readSecret({ stdin: process.stdin, stderr: process.stderr, question: 'Value: ' })
    .then((value) => console.log('got', value.toString('hex')), (error) => console.log(error.name, error.type))`;
  const terminal = openTerminal(process.execPath, ['-r', HOOK, '-e', script], { cols: 200 });
  let shown = '';
  let hasTyped = false;
  return new Promise((resolve) => {
    terminal.onData((data) => {
      shown += data;
      if (!hasTyped && shown.includes('Value: ')) {
        hasTyped = true;
        terminal.write(keys);
      }
    });
    terminal.onExit(() => resolve(shown));
  });
}

test('On a terminal the value is asked for, can be corrected, and is never shown.', async () => {
  const shown = await type('canary-valux\u007fe\r');
  expect(shown).toContain(`got ${Buffer.from('canary-value').toString('hex')}`);
  expect(shown).not.toContain('canary');
});

test.each(['canary\u0003', '\u0004'])('The keys %j at the question are a no.', async (keys) => {
  const shown = await type(keys);
  expect(shown).toContain('CliFailure Declined');
  expect(shown).not.toContain('canary');
});

/** What CI says of tests that fail, crash, or hang: real runs of jest on small folders of tests. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

interface Found {
  passed: number;
  failures: { name: string; error: string }[];
  lines: string[];
}

// Each begins a jest of its own, which takes a while on a busy machine.
jest.setTimeout(240_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-failures-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function runJest(files: Record<string, string>, { limitMs = 200_000 } = {}): Found {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const { stdout } = spawnSync(process.execPath, [path.join(__dirname, 'run-jest.mjs'), folder, String(limitMs)], {
    encoding: 'utf8',
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/** How long a run of jest takes here, with all that else goes on. */
let usualMs = 0;

test('Tests that pass are counted, and nothing is said of them.', () => {
  const beganAt = performance.now();
  expect(runJest({ 'a.test.js': "test('one', () => {}); test('two', () => {});" })).toEqual({
    passed: 2,
    failures: [],
    lines: [],
  });
  usualMs = performance.now() - beganAt;
});

test('Each test that fails is named with its first error, and so is a file that cannot be loaded.', () => {
  const { passed, lines } = runJest({
    'a.test.js': "describe('A', () => { test('is one', () => expect(1).toBe(2)); test('is well', () => {}); });",
    'b.test.js': "test('throws', async () => { throw new Error('out of luck\\nand more'); });",
    'c.test.js': 'this is no JavaScript',
  });
  expect(passed).toBe(1);
  const text = lines.join('\n');
  expect(text).toMatch(/✕ a\.test\.js › A is one\n {6}Error: expect\(received\)\.toBe\(expected\).*; Expected: 2; Received: 1/);
  expect(text).toMatch(/✕ b\.test\.js › throws\n {6}Error: out of luck/);
  expect(text).toMatch(/✕ c\.test\.js › the file itself\n {6}.*SyntaxError/);
  expect(lines).toHaveLength(6);
});

test('A test file whose process is killed, and a test file that never ends, are named; the others are counted.', () => {
  // The thread sleeps: not even jest's own time limit is heard, and the processor is free.
  const hang = "test('hangs', () => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); });";
  const killed = "test('is killed', () => new Promise(() => process.kill(process.pid, 'SIGKILL')));";
  const limitMs = 15_000 + 5 * Math.ceil(usualMs);
  const found = runJest({ 'a.test.js': "test('one', () => {});", 'b.test.js': killed, 'c.test.js': hang }, { limitMs });
  expect(found.passed).toBe(1);
  const text = found.lines.join('\n');
  expect(text).toMatch(/✕ b\.test\.js › the file itself/);
  expect(text).toContain(`✕ c.test.js › the file itself\n      it never ended (jest: its time limit of ${limitMs / 60_000} min)`);
});

test('A jest that cannot even begin is a failure.', () => {
  writeFileSync(path.join(folder, 'package.json'), '{ broken');
  const { passed, failures } = runJest({ 'a.test.js': "test('one', () => {});" });
  expect({ passed, names: failures.map(({ name }) => name) }).toMatchObject({
    passed: expect.any(Number),
    names: [expect.any(String)],
  });
});

test('However many fail, it fits, and says how many more there are.', () => {
  const many = Array.from(
    { length: 100 },
    (_, number) => `test('number ${number}', () => { throw new Error('no ' + ${number}); });`,
  );
  const { failures, lines } = runJest({ 'a.test.js': many.join('\n') });
  expect(failures).toHaveLength(100);
  expect(lines.length).toBeLessThanOrEqual(56);
  expect(lines.at(-1)).toMatch(/^ {2}and \d+ more$/);
});

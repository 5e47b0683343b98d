import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../support/source-scans';

function figures(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(ROOT, 'scripts', 'figures.mjs'), ...args], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

test('The figures name sizes, comments, cycles, folders, vocabulary, and documents.', () => {
  const printed = figures();
  for (const line of [
    /^median file +\d+ lines$/m,
    /^longest file +\d+ lines \(src\/.+\)$/m,
    /^functions over 70 lines +(?:none|\d+: .+)$/m,
    /^import cycles +(?:none|\d+: .+)$/m,
    /^exports with a comment +\d+ % \(\d+ of \d+\)$/m,
    /^payload fields with a comment +\d+ % \(\d+ of \d+\)$/m,
    /^ +\d+ {2}src\/contract$/m,
    /^ +[\d.]+ +\d+ +\d+ {2}all$/m,
    /^ +\d+ +\d+ {2}README\.md$/m,
  ])
    expect(printed).toMatch(line);
});

test('With a path the figures list the lines there that use a banned word, each with what to say.', () => {
  expect(figures('src/no-such-room')).toBe('');
  for (const line of figures('src/').trim().split('\n')) expect(line).toMatch(/^$|^src\/[\w./-]+:\d+: .+ \(say: .+\): /);
});

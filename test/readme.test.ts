/** README is the one page, so what it lists must be what the code has. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FINAL_TYPES, INTERNAL_TYPES, TEMPORARY_TYPES } from '../src/contract/failure-types';

const ROOT = join(__dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The first cells of the table under a heading, without their backticks. */
function firstCells(heading: string): string[] {
  const section = README.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
}

test("README's table of failures is the closed list of the code, in its order", () => {
  expect(firstCells('Failures')).toEqual([...FINAL_TYPES, ...TEMPORARY_TYPES, ...INTERNAL_TYPES]);
});

test("README's table of settings has every variable that the worker reads, and no other", () => {
  const settings = readFileSync(join(ROOT, 'src/worker/settings.ts'), 'utf8');
  const read = new Set([...settings.matchAll(/PERENNIAL_[A-Z_]+/g)].map(([name]) => name));
  expect(new Set(firstCells('Settings'))).toEqual(new Set([...read, 'PERENNIAL_TEMPORAL_CLI']));
});

test('Every path that README names to find the way by exists', () => {
  const paths = firstCells('Find your way').filter((path) => path.includes('/'));
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('The picture that README shows exists', () => {
  const pictures = [...README.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1] ?? '');
  expect(pictures.filter((picture) => !existsSync(join(ROOT, picture)))).toEqual([]);
});

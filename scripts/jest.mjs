import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inCheckout } from './checkout.mjs';
import { runProgram } from './program.mjs';

/**
 * A line of the report: a test file began or ended, or the run is complete.
 * @typedef {{ event: 'begun', file: string }
 *   | { event: 'ended', file: string, passed: number, failures: import('./summary.mjs').Failure[] }
 *   | { event: 'complete', error: string | null }} ReportLine
 */

/** Far above what any run takes: only one that hangs is ended by it. */
const LIMIT_MS = 60 * 60_000;

/**
 * Runs jest, and resolves with how many tests passed and with what failed: each test by name, a file that could not be run, one that
 * never ended, and jest itself.
 * @param {{ args: string[], env: NodeJS.ProcessEnv, limitMs?: number }} options
 * @returns {Promise<import('./summary.mjs').Summary>}
 */
export async function runJest({ args, env, limitMs = LIMIT_MS }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-jest-'));
  const report = path.join(folder, 'report.ndjson');
  const reporters = ['default', inCheckout('scripts', 'jest-report.cjs')].map((name) => `--reporters=${name}`);
  try {
    // The reporters come last: jest takes all that follows them for more reporters.
    const { how } = await runProgram({
      program: process.execPath,
      args: [inCheckout('node_modules', 'jest', 'bin', 'jest.js'), '--passWithNoTests', ...args, ...reporters],
      env: { ...env, PERENNIAL_JEST_REPORT: report, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
      limitMs,
    });
    return count(readLines(report), how);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} report
 * @returns {ReportLine[]}
 */
function readLines(report) {
  try {
    return readFileSync(report, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

/**
 * @param {ReportLine[]} lines
 * @param {string} how
 */
function count(lines, how) {
  const ended = lines.filter((line) => line.event === 'ended');
  const failures = ended.flatMap(({ file, failures: those }) =>
    those.map(({ name, error }) => ({ name: `${file} › ${name}`, error })),
  );
  const complete = lines.find((line) => line.event === 'complete');
  const hasEnded = new Set(ended.map(({ file }) => file));
  const left = lines.filter((line) => line.event === 'begun').filter(({ file }) => !hasEnded.has(file));
  for (const { file } of left) failures.push({ name: `${file} › the file itself`, error: `it never ended (jest: ${how})` });
  // Anything else that made jest fail must not pass for success.
  if (failures.length === 0 && (how !== 'exit code 0' || !complete))
    failures.push({ name: 'jest', error: complete?.error ?? `it ended with ${how} and named no test` });
  return { passed: ended.reduce((sum, { passed }) => sum + passed, 0), failures };
}

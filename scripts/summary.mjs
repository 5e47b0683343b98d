import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {{ name: string, error: string }} Failure */
/**
 * The sum of a phase; a note stands in the place of the counts.
 * @typedef {{ passed: number, failures: Failure[], note?: string }} Summary
 */

/** Of each failure, so that thirty of them fit into 60 lines. */
const ERROR_CHARACTERS = 300;
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/**
 * Where a phase leaves `{ passed, failures: [{ name, error }] }` for CI; it is left out where no file is named.
 * @param {Summary} summary
 * @param {string | undefined} [file]
 */
export function writeSummary(summary, file = process.env.PERENNIAL_TEST_SUMMARY) {
  if (!file) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(summary));
}

/**
 * What a phase left; a phase that left nothing failed in a way of its own.
 * @param {string} file
 * @param {{ name: string, how: string, printed: string }} ended
 * @returns {Summary}
 */
export function readSummary(file, { name, how, printed }) {
  try {
    const summary = JSON.parse(readFileSync(file, 'utf8'));
    if (isLimit(how)) summary.failures.unshift({ name, error: `it was ended by ${how}` });
    else if (how !== 'exit code 0' && summary.failures.length === 0)
      summary.failures.push({ name, error: `it ended with ${how}` });
    // Patterns that fit no file any more must not pass for success.
    else if (summary.passed === 0 && summary.failures.length === 0 && !summary.note)
      summary.failures.push({ name, error: 'it ran no test' });
    return summary;
  } catch {
    const lines = printed.trim().split('\n');
    const last = lines.findLast((line) => /^\w*Error: /.test(line)) ?? lines.at(-1) ?? '';
    const error = `it ${isLimit(how) ? 'was ended by' : 'ended with'} ${how} and left no summary: ${last}`;
    return { passed: 0, failures: [{ name, error }] };
  }
}

const isLimit = (/** @type {string} */ how) => how.startsWith('its time limit');

/**
 * One line for each failure and one for its first error, which stands once below failures in a row that share it; what does not fit
 * into `lines` is counted, and stands in the file.
 * @param {Failure[]} failures
 * @param {{ lines: number, file?: string }} options
 */
export function formatFailures(failures, { lines, file }) {
  const entries = failures.map(({ name, error }, index) => {
    const isShared = index + 1 < failures.length && firstError(failures[index + 1]?.error) === firstError(error);
    return [`  ✕ ${oneLine(name)}`, ...(isShared ? [] : [`      ${firstError(error)}`])];
  });
  if (entries.flat().length <= lines) return entries.flat();
  const shown = [];
  while (shown.flat().length + (entries[shown.length]?.length ?? 0) < lines - 1) shown.push(entries[shown.length]);
  // The one that is shared may stand below those that are left out.
  const last = shown.at(-1)?.length === 1 ? [`      ${firstError(failures[shown.length - 1]?.error)}`] : [];
  return [...shown.flat(), ...last, `  and ${entries.length - shown.length} more${file ? `, all in ${file}` : ''}`];
}

/**
 * The failures whole, for a file.
 * @param {Failure[]} failures
 */
export const formatWhole = (failures) => failures.map(({ name, error }) => `✕ ${name}\n${plain(error)}\n`).join('\n');

/**
 * What was thrown, what was expected, and where in the tests.
 * @param {string | undefined} error
 */
function firstError(error) {
  const lines = plain(error)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const details = lines.slice(1).filter((line) => /^(?:Expected\b|Received\b|\w*Error:)/.test(line));
  const place = lines.map((line) => /\btest\/[\w./-]+:\d+:\d+/.exec(line)?.[0]).find((found) => found);
  // A sentence that only announces what follows says nothing without it.
  const first = lines[0]?.endsWith(':') ? lines.slice(0, 3).join(' ') : lines[0];
  return oneLine([first ?? 'it said nothing', ...details.slice(0, 2), ...(place ? [`(${place})`] : [])].join('; '));
}

const plain = (/** @type {unknown} */ text) => String(text).replace(ESCAPES, '');

const oneLine = (/** @type {string} */ text) => {
  const line = plain(text).replace(/\s+/g, ' ').trim();
  return line.length > ERROR_CHARACTERS ? `${line.slice(0, ERROR_CHARACTERS - 1)}…` : line;
};

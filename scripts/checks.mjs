import { runProgram } from './program.mjs';

/** What needs no server and no test runner: each a program of Node's, with its arguments. */
const CHECKS = [
  ['types', 'node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.test.json'],
  ['types of scripts', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.scripts.json'],
  ['style', 'node_modules/@biomejs/biome/bin/biome', 'check', '.'],
  ['shell scripts', 'scripts/lint-shell.mjs'],
];

/**
 * Runs each check in the current folder, and resolves with those that failed.
 * @param {(line: string) => void} say
 * @returns {Promise<import('./summary.mjs').Failure[]>}
 */
export async function runChecks(say) {
  /** @type {import('./summary.mjs').Failure[]} */
  const failures = [];
  for (const [name = '', ...args] of CHECKS) {
    say(`checking ${name}`);
    const { how, printed } = await runProgram({ program: process.execPath, args });
    say(how === 'exit code 0' ? `${name}: no errors` : `${name}: failed, see above`);
    if (how !== 'exit code 0') failures.push({ name, error: printed.split('\n').filter(isComplaint).slice(0, 3).join('; ') });
  }
  return failures;
}

/**
 * Names a place: of the compiler `file(line,column): error`, of the style and of shell scripts `file:line:column`.
 * @param {string} line
 */
function isComplaint(line) {
  return /^\S+\.\w+(?:\(\d+,\d+\): error|:\d+:\d+[: ]|\s(?:format|organizeImports)\b)/.test(line);
}

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * The absolute path of something in this checkout, wherever the command was called from.
 * @param {string[]} names
 */
export const inCheckout = (...names) => path.join(root, ...names);

/**
 * Loads a module that was compiled into dist; as a URL, because the path of a checkout may hold `#`, `?`, or `%`.
 * @param {string[]} names
 */
export const importBuilt = (...names) => import(pathToFileURL(inCheckout('dist', ...names)).href);

/**
 * Runs a program in the checkout with its output on standard error; throws a sentence when it fails.
 * @param {{ program: string, args: string[], failure: string }} run
 */
export function run({ program, args, failure }) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2], env: process.env });
  if (error) throw new Error(`${failure}: ${program} could not be started (${error.message})`, { cause: error });
  if (status !== 0) throw new Error(`${failure}: ${program} ended with exit code ${status}; what it printed stands above`);
}

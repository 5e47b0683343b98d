/**
 * Makes a checkout ready to run: dependencies as package-lock.json says, and src compiled into dist. It uses nothing but what
 * comes with Node, because it runs on a fresh clone before anything is installed.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { inCheckout } from './checkout.mjs';
import { areDependenciesInstalled, installDependencies } from './dependencies.mjs';
import { COMMAND, isBuilt, isReady } from './freshness.mjs';
import { withLock } from './lock.mjs';
import { canNoteRunning, findRunning, noteRunning } from './running.mjs';
import { build } from './sources.mjs';

/** @typedef {{ say?: (line: string) => void, takesOlder?: boolean, staysUp?: boolean }} PrepareOptions */

/** Why nothing may be compiled now. */
class InUse extends Error {
  /** @param {number} pid */
  constructor(pid) {
    super(
      `the sources have changed since they were compiled, and process ${pid}, a start or worker of this checkout, runs what was compiled; stop it first`,
    );
  }
}

/**
 * Installs and compiles what is missing or out of date, and says so through `say`; silent when there is nothing to do.
 * What npm and the compiler print goes to standard error, so that a command's own standard output stays clean.
 *
 * While a start or a worker of this checkout lives nothing is changed under it: with `takesOlder` what it runs is used, else this
 * throws. With `staysUp` this process counts as such a one from here on.
 * @param {PrepareOptions} [options]
 */
export async function prepare({ say = console.log, takesOlder = false, staysUp = false } = {}) {
  if (isReady() && !(staysUp && canNoteRunning())) return;
  // The lock lies in dist, which is never committed, and not in node_modules, which an install wipes.
  mkdirSync(inCheckout('dist'), { recursive: true });
  await withLock(inCheckout('dist', '.prepare'), say, () => {
    // Asked again under the lock: another process may have done it all while this one waited.
    if (!isReady()) makeReady({ say, takesOlder });
    if (staysUp) noteRunning();
  });
}

/** @param {Required<Pick<PrepareOptions, 'say' | 'takesOlder'>>} options */
function makeReady({ say, takesOlder }) {
  const pid = findRunning();
  if (pid !== null && takesOlder && existsSync(COMMAND)) {
    return say(
      `perennial: the sources have changed; what process ${pid} of this checkout was started from is used until it ends`,
    );
  }
  if (pid !== null) throw new InUse(pid);
  if (!areDependenciesInstalled())
    timed({ say, doing: 'installing dependencies (npm ci, about 20 to 60 s)' }, installDependencies);
  if (!isBuilt()) timed({ say, doing: 'compiling src into dist (about 2 to 10 s)' }, build);
}

/**
 * The same for an entry: what goes wrong is said in its sentence, without a stack trace, and ends the process with 1.
 * @param {PrepareOptions} [options]
 */
export async function prepareOrExit(options) {
  try {
    await prepare(options);
  } catch (error) {
    console.error(`perennial: ${error.message}`);
    process.exit(1);
  }
}

/**
 * @param {{ say: (line: string) => void, doing: string }} options
 * @param {() => void} work
 */
function timed({ say, doing }, work) {
  const startedAt = Date.now();
  say(`perennial: ${doing} …`);
  work();
  say(`perennial: done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** For tests that have to work for somebody who is not root, run by somebody who is. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inCheckout } from './checkout.mjs';

const UID = 1000;
/** Neither does anybody need them, nor may that user change them. */
const LEFT_OUT = new Set(['.git', '.perennial', 'dist']);

/**
 * Makes an ordinary user's place: a copy of this checkout, a home of its own, and the caches of this user in it. Answers what to put
 * before a command line, the environment, and the checkout. Throws when it cannot be made.
 */
export function openOrdinaryUser() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-user-'));
  // What a test has left running as that user may still write there: no reason not to tell how the tests ended.
  const remove = () => {
    const { status } = spawnSync('rm', ['-rf', '--one-file-system', '--', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) console.error(`${folder} could not be removed`);
  };
  try {
    const checkout = path.join(folder, 'checkout');
    const home = path.join(folder, 'home');
    mkdirSync(checkout);
    const parts = readdirSync(inCheckout()).filter((name) => !LEFT_OUT.has(name));
    copy(
      parts.map((name) => inCheckout(name)),
      checkout,
    );
    const caches = path.join(home, '.cache');
    mkdirSync(caches, { recursive: true });
    const own = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'perennial');
    if (existsSync(own)) copy([own], caches);
    const env = { ...userEnv(home), ...copyServers(home) };
    // In CI the checkout may stand where only root can go.
    must('chown', ['-R', `${UID}:${UID}`, folder]);
    chmodSync(folder, 0o755);
    const options = ['--reuid', String(UID), '--regid', String(UID), '--clear-groups', '--'];
    must('setpriv', [...options, process.execPath, '--version']);
    return { prefix: ['setpriv', ...options], env, checkout, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/**
 * This environment with that user's names and places, and without what names root's.
 * @param {string} home
 */
function userEnv(home) {
  const {
    XDG_CACHE_HOME: _cache,
    XDG_CONFIG_HOME: _config,
    XDG_RUNTIME_DIR: _runtime,
    KUBECONFIG: _cluster,
    ...env
  } = process.env;
  return { ...env, HOME: home, USER: 'ordinary', LOGNAME: 'ordinary' };
}

/**
 * Servers that the environment names may lie where that user cannot go.
 * @param {string} home
 */
function copyServers(home) {
  /** @type {Record<string, string>} */
  const env = {};
  for (const name of ['PERENNIAL_TEST_TEMPORAL_CLI', 'PERENNIAL_TEMPORAL_CLI', 'PERENNIAL_TEST_SERVER']) {
    const file = process.env[name];
    if (!file) continue;
    const target = path.join(home, 'servers', name);
    mkdirSync(target, { recursive: true });
    // The test server's program lies beside its libraries.
    copy([name === 'PERENNIAL_TEST_SERVER' ? path.dirname(file) : file], target);
    env[name] =
      name === 'PERENNIAL_TEST_SERVER'
        ? path.join(target, path.basename(path.dirname(file)), path.basename(file))
        : path.join(target, path.basename(file));
  }
  return env;
}

const copy = (/** @type {string[]} */ sources, /** @type {string} */ target) => must('cp', ['-R', ...sources, target]);

/**
 * @param {string} program
 * @param {string[]} args
 */
function must(program, args) {
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
}

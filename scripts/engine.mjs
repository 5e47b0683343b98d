import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { inCheckout } from './checkout.mjs';

/**
 * A Docker engine: the environment for Docker's programs, the command of Compose, the tool where it made the engine, and what ends an
 * engine that was not up.
 * @typedef {{ env: NodeJS.ProcessEnv, compose: string[], tool: string | null, end: () => void }} Engine
 */

const TOOL = inCheckout('..', 'shared', 'tools', 'docker', 'engine');

/**
 * Finds a Docker engine with Compose 2 for `what`: that of the environment, else one from the tool beside the checkout, which starts it.
 * Where there is neither, one line says so, and null is the answer. A tool that fails is an error: nothing passes untested.
 * @param {{ what: string, say: (line: string) => void, tool?: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Engine | null}
 */
export function openEngine({ what, say, tool = TOOL, env = process.env }) {
  if (answers(['docker', 'info'], env) && answers(['docker', 'compose', 'version'], env))
    return { env, compose: ['docker', 'compose'], tool: null, end: () => {} };
  if (existsSync(tool)) return openToolEngine({ say, tool, env });
  console.log(`${what} were left out: no Docker engine with Compose 2 answers, and no tool to make one is there`);
  return null;
}

/**
 * @param {{ say: (line: string) => void, tool: string, env: NodeJS.ProcessEnv }} options
 * @returns {Engine}
 */
function openToolEngine({ say, tool, env }) {
  const wasUp = answers([tool, 'status'], env);
  say('starting a Docker engine (seconds when it was installed before)');
  const [, host] = /DOCKER_HOST=(\S+)/.exec(read([tool, 'up'], env)) ?? [];
  if (host === undefined) throw new Error(`no Docker engine: \`${tool} up\` named none`);
  const end = () => (wasUp ? undefined : spawnSync(tool, ['down'], { env, stdio: 'inherit' }));
  try {
    say('finding Docker Compose (seconds when it was built before, else about 3 minutes)');
    // The tool's engine has no BuildKit, which Docker's newer programs expect.
    return { env: { ...env, DOCKER_HOST: host, DOCKER_BUILDKIT: '0' }, compose: [read([tool, 'compose'], env)], tool, end };
  } catch (error) {
    end();
    throw error;
  }
}

/**
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 */
const answers = ([program = '', ...args], env) => spawnSync(program, args, { env, stdio: 'ignore' }).status === 0;

/**
 * What a program prints to standard output; its standard error is passed on.
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} [env]
 */
export function read([program = '', ...args], env = process.env) {
  const { status, stdout, error } = spawnSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${error ? error.message : `exit code ${status}`}`);
  return stdout.trim();
}

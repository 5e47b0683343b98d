/** `npm start`: the embedded stack on this machine. The one place of it that reads the environment and handles signals. */
import os from 'node:os';
import path from 'node:path';
import { runStart } from './start/run';

const { env } = process;
const ending = new AbortController();
// Kept for the process's whole life, so that a second signal while all ends does no harm. A closed terminal counts too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
// A closed reader of the output ends nothing.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

void runStart({
  args: process.argv.slice(2),
  env,
  settings: {
    dir: env.PERENNIAL_DIR || '.perennial',
    temporalCli: env.PERENNIAL_TEMPORAL_CLI || undefined,
    searchPath: env.PATH ?? '',
    kubeconfig: env.KUBECONFIG || undefined,
    firstImage: env.PERENNIAL_FIRST_IMAGE || 'codercom/enterprise-base:ubuntu',
    cacheDir: path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'perennial'),
  },
  workerScript: path.join(__dirname, 'worker.js'),
  gatewayScript: path.join(__dirname, 'gateway.js'),
  command: path.join(__dirname, '..', 'bin', 'perennial.mjs'),
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  signal: ending.signal,
}).then((code) => process.exit(code));

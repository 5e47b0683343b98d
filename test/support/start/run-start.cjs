// Runs the start from its sources in a process of its own, with the stand-in for the worker, so that a test can kill it.
const path = require('node:path');
require('../typescript-hook.cjs');
const { runStart } = require('../../../src/start/run.ts');

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => ending.abort());
runStart({
  args: process.argv.slice(2),
  env: process.env,
  settings: {
    dir: '.perennial',
    temporalCli: process.env.PERENNIAL_TEST_TEMPORAL_CLI,
    searchPath: process.env.PATH,
    cacheDir: process.env.TEST_CACHE,
  },
  workerScript: path.join(__dirname, 'fake-worker.cjs'),
  gatewayScript: path.join(__dirname, 'fake-gateway.cjs'),
  command: path.join(__dirname, '..', '..', '..', 'bin', 'perennial.mjs'),
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  signal: ending.signal,
}).then((code) => process.exit(code));

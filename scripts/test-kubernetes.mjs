/** `npm run test:kubernetes`: the tests that need a cluster, where one is found. */
import { spawnSync } from 'node:child_process';
import { inCheckout } from './checkout.mjs';
import { openCluster } from './cluster.mjs';
import { prepare } from './prepare.mjs';

/** They end parts of the cluster, or use up what others need. */
const DISTURBING = '/(faults|losses)\\.test\\.ts$';

const startedAt = Date.now();
const say = (line) => console.log(`[${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${line}`);

process.chdir(inCheckout());
const cluster = openCluster({ what: 'the tests that need a cluster', say });
if (cluster === null) process.exit(0);
await prepare({ say });
const env = { ...process.env, ...cluster.env, PERENNIAL_TEST_CLUSTER_TOOL: cluster.tool ?? '' };
/** Jest's exit code. */
const run = (...args) => {
  const jest = ['node_modules/jest/bin/jest.js', '-c', 'jest.kubernetes.config.cjs', ...args];
  return spawnSync(process.execPath, jest, { env, stdio: 'inherit' }).status ?? 1;
};
const named = process.argv.slice(2);
const codes = [];
if (named.length > 0) codes.push(run(...named));
else {
  say('running the tests that leave the cluster whole, two files at a time (about 5 minutes)');
  codes.push(run('--maxWorkers=2', `--testPathIgnorePatterns=${DISTURBING}`));
  say('running those that disturb it, one at a time (about 9 minutes)');
  codes.push(run(`--testPathPatterns=${DISTURBING}`));
}
cluster.end();
process.exit(Math.max(...codes));

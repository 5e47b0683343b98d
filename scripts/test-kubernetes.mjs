/** `npm run test:kubernetes`: the tests that need a cluster, where one is found. */
import { spawnSync } from 'node:child_process';
import { inCheckout } from './checkout.mjs';
import { openCluster } from './cluster.mjs';
import { prepare } from './prepare.mjs';

const startedAt = Date.now();
const say = (line) => console.log(`[${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${line}`);

process.chdir(inCheckout());
const cluster = openCluster({ what: 'the tests that need a cluster', say });
if (cluster === null) process.exit(0);
await prepare({ say });
say('running the tests that need a cluster (about 15 minutes)');
const jest = ['node_modules/jest/bin/jest.js', '-c', 'jest.kubernetes.config.cjs', ...process.argv.slice(2)];
const env = { ...process.env, ...cluster.env, PERENNIAL_TEST_CLUSTER_TOOL: cluster.tool ?? '' };
const { status } = spawnSync(process.execPath, jest, { env, stdio: 'inherit' });
cluster.end();
process.exit(status ?? 1);

/** `npm run test:kubernetes`: the tests that need a cluster, where one is found. */
import { inCheckout } from './checkout.mjs';
import { openCluster } from './cluster.mjs';
import { leftOut } from './cluster-tests.cjs';
import { runJest } from './jest.mjs';
import { prepare } from './prepare.mjs';
import { formatFailures, writeSummary } from './summary.mjs';

/** They end parts of the cluster, or use up its room. */
const DISTURBING = '/(faults|losses)\\.test\\.ts$';

const startedAt = Date.now();
const say = (/** @type {string} */ line) =>
  console.log(`[${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${line}`);

process.chdir(inCheckout());
const cluster = openClusterOrExit();
await prepare({ say });
const env = { ...process.env, ...cluster.env, PERENNIAL_TEST_CLUSTER_TOOL: cluster.tool ?? '' };
const missing = leftOut(env).map(({ name, what }) => `${name}.test.ts, which needs ${what}`);
if (missing.length > 0) say(`left out: ${missing.join('; ')}`);
const run = (/** @type {string[]} */ ...args) => runJest({ args: ['-c', 'jest.kubernetes.config.cjs', ...args], env });
const named = process.argv.slice(2);
const runs = [];
if (named.length > 0) runs.push(await run(...named));
else {
  say('running the tests that leave the cluster whole, two files at a time (about 5 minutes)');
  runs.push(await run('--maxWorkers=2', `--testPathIgnorePatterns=${DISTURBING}`));
  say('running those that disturb it, one at a time (about 9 minutes)');
  runs.push(await run(`--testPathPatterns=${DISTURBING}`));
}
cluster.end();
const failures = runs.flatMap((each) => each.failures);
const passed = runs.reduce((sum, each) => sum + each.passed, 0);
writeSummary({ passed, failures });
for (const line of formatFailures(failures, { lines: 50 })) console.log(line);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);

function openClusterOrExit() {
  try {
    const found = openCluster({ what: 'the tests that need a cluster', say });
    if (found !== null) return found;
    writeSummary({ passed: 0, failures: [], note: 'left out, since there is no cluster' });
    process.exit(0);
  } catch (error) {
    const failures = [{ name: 'the cluster of the tests', error: error.message }];
    writeSummary({ passed: 0, failures });
    for (const line of formatFailures(failures, { lines: 50 })) console.log(line);
    process.exit(1);
  }
}

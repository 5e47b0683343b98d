/**
 * `npm run test:compose`: the stack of docker-compose.yml, really run, where a Docker engine is found. Where k3s cannot be pulled, the
 * cluster of the cluster tests stands in its place.
 */
import { readFileSync } from 'node:fs';
import { inCheckout } from './checkout.mjs';
import { openCluster } from './cluster.mjs';
import { isThere, prepareImages } from './compose-images.mjs';
import { openEngine } from './engine.mjs';
import { runJest } from './jest.mjs';
import { prepare } from './prepare.mjs';
import { formatFailures, writeSummary } from './summary.mjs';

const WHAT = 'the tests of the compose stack';
const K3S = /^ +image: (rancher\/k3s:\S+)$/m;
const startedAt = Date.now();
/** @param {string} line */
const say = (line) => console.log(`[${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${line}`);

process.chdir(inCheckout());
await prepare({ say });
/**
 * What to end when the tests have run, the last first.
 * @type {(() => void)[]}
 */
const ends = [];
const { passed, failures, note } = await runTests()
  .catch((error) => ({ passed: 0, failures: [{ name: WHAT, error: error.message }], note: undefined }))
  .finally(() => {
    for (const end of ends.reverse()) end();
  });
writeSummary({ passed, failures, ...(note && { note }) });
for (const line of formatFailures(failures, { lines: 50 })) console.log(line);
console.log(note ?? `${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);

/** @returns {Promise<import('./summary.mjs').Summary>} */
async function runTests() {
  const engine = await tryTo(() => openEngine({ what: WHAT, say }));
  if (engine === null) return leaveOut('Docker engine');
  ends.push(engine.end);
  const files = ['docker-compose.yml', 'test/support/compose/test.yml'];
  let env = engine.env;
  const hasK3s = isThere(engine, K3S.exec(readFileSync(inCheckout('docker-compose.yml'), 'utf8'))?.[1] ?? '');
  if (!hasK3s) {
    const cluster = openCluster({ what: WHAT, say });
    if (cluster?.tool == null) return leaveOut('image of k3s, and no cluster from the tool beside the checkout');
    ends.push(cluster.end);
    files.push('test/support/compose/cluster.yml');
    env = { ...env, ...cluster.env };
  }
  const hasImages = await tryTo(() => prepareImages({ engine, say, withKubectl: !hasK3s }).then(() => true));
  if (hasImages === null) return leaveOut('way to pull or make the images that the stack needs');
  const compose = [...engine.compose, ...files.flatMap((file) => ['--file', inCheckout(file)])];
  say('building the images and starting the stack (minutes), then the tests');
  const args = ['-c', 'jest.compose.config.cjs', ...process.argv.slice(2)];
  return runJest({ args, env: { ...env, PERENNIAL_TEST_COMPOSE: JSON.stringify(compose) } });
}

/**
 * What a machine lacks is said and left out; only a stack that runs can fail.
 * @template T
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T | null>}
 */
async function tryTo(work) {
  try {
    return await work();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return null;
  }
}

/** @param {string} missing */
function leaveOut(missing) {
  return { passed: 0, failures: [], note: `left out, since there is no ${missing}` };
}

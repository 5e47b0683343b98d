/**
 * `npm test`: types, style, shell scripts, and every test, closed by one line with the sum. Arguments go to jest; `--tests-only` leaves
 * out all but the tests.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { importBuilt, inCheckout } from './checkout.mjs';
import { runChecks } from './checks.mjs';
import { runJest } from './jest.mjs';
import { prepare } from './prepare.mjs';
import { formatFailures, writeSummary } from './summary.mjs';

const startedAt = Date.now();
const say = (/** @type {string} */ line) =>
  console.log(`[${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${line}`);

const named = process.argv.slice(2);
const args = named.filter((argument) => argument !== '--tests-only');
const failures = [];

process.chdir(inCheckout());
// What does not compile, or may not now, must not keep the tests from running. The check of types below does not see all of it.
const bundle = await prepare({ say })
  .then(bundleWorkflows)
  .catch((error) => {
    say(error.message);
    failures.push({ name: 'build', error: error.message });
    return null;
  });
if (!named.includes('--tests-only')) {
  failures.push(...(await runChecks(say)));
}
const env = await findServers().catch(
  (error) => failures.push({ name: 'the servers of the tests', error: error.message }) && null,
);
say(`running the tests${args.length > 0 ? ` (${args.join(' ')})` : ''}`);
const tests = env === null ? { passed: 0, failures: [] } : await runJest({ args, env });
failures.push(...tests.failures);
writeSummary({ passed: tests.passed, failures });
for (const line of formatFailures(failures, { lines: 50 })) console.log(line);
console.log(`${tests.passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);

/** Once for all the stacks that tests start, each of which would do it for itself; resolves with the file. */
async function bundleWorkflows() {
  const file = inCheckout('dist', 'workflow-bundle.cjs');
  if (existsSync(file)) return file;
  say('bundling the workflows');
  const { default: bundle } = await importBuilt('worker', 'bundle.js');
  await bundle.prebuildWorkflows();
  return file;
}

/** The real server and the time-skipping one, found or fetched by the same code that `npm start` uses. */
async function findServers() {
  const { findTemporalCli } = await importBuilt('start', 'temporal', 'find-cli.js');
  // From its source: it serves tests alone, so it is not in dist.
  const require = createRequire(import.meta.url);
  require(inCheckout('test', 'support', 'typescript-hook.cjs'));
  const { findTestServer } = require(inCheckout('test', 'support', 'temporal', 'test-server.ts'));
  const { settleNoProxy } = await importBuilt('client', 'loopback.js');
  const cacheDir = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'perennial');
  const search = { cacheDir, env: process.env, say, signal: new AbortController().signal };
  say('finding the Temporal CLI and the time-skipping test server');
  const setting = process.env.PERENNIAL_TEST_TEMPORAL_CLI || process.env.PERENNIAL_TEMPORAL_CLI || undefined;
  const cli = await findTemporalCli({ ...search, setting, searchPath: process.env.PATH ?? '' });
  const testServer = process.env.PERENNIAL_TEST_SERVER || (await findTestServer(search));
  say(`Temporal CLI: ${cli}; test server: ${testServer ?? "the SDK's own download"}`);
  const servers = { PERENNIAL_TEST_TEMPORAL_CLI: cli, ...(testServer ? { PERENNIAL_TEST_SERVER: testServer } : {}) };
  const workflows = bundle ? { PERENNIAL_TEST_BUNDLE: bundle } : {};
  return { ...process.env, ...settleNoProxy(process.env), ...servers, ...workflows };
}

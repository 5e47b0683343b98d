/** `npm test`: types, style, and every test, closed by one line with the sum. What CI runs. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { importBuilt, inCheckout } from './checkout.mjs';
import { InUse, prepare } from './prepare.mjs';

const startedAt = Date.now();
const say = (line) => console.log(`[${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${line}`);

process.chdir(inCheckout());
// What does not compile is counted by the check of types below, and must not keep the tests from running.
await prepare({ say }).catch((error) => {
  say(error.message);
  if (error instanceof InUse) process.exit(1);
});
const areTypesRight = await check('types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.test.json']);
const isStyleRight = await check('style', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
const { passed, failed } = await runJest(await findServers(), process.argv.slice(2));
const failedInAll = failed + (areTypesRight ? 0 : 1) + (isStyleRight ? 0 : 1);
say(`types ${areTypesRight ? 'right' : 'WRONG'}, style ${isStyleRight ? 'right' : 'WRONG'}`);
console.log(`${passed} passed, ${failedInAll} failed`);
process.exit(failedInAll === 0 ? 0 : 1);

async function check(what, args) {
  say(`checking ${what}`);
  const code = await runNode(args, process.env);
  say(code === 0 ? `${what}: nothing to complain of` : `${what}: failed, see above`);
  return code === 0;
}

/** The real server and the time-skipping one, found or fetched by the same code that `npm start` uses. */
async function findServers() {
  const { findTemporalCli } = await importBuilt('start', 'temporal-cli.js');
  const { findTestServer } = await importBuilt('start', 'test-server.js');
  const { env } = process;
  const cacheDir = path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'perennial');
  const search = { cacheDir, env, say, signal: new AbortController().signal };
  say('finding the Temporal CLI and the time-skipping test server');
  const setting = env.PERENNIAL_TEST_TEMPORAL_CLI || env.PERENNIAL_TEMPORAL_CLI || undefined;
  const cli = await findTemporalCli({ ...search, setting, searchPath: env.PATH ?? '' });
  const testServer = env.PERENNIAL_TEST_SERVER || (await findTestServer(search));
  say(`Temporal CLI: ${cli}; test server: ${testServer ?? "the SDK's own download"}`);
  return { PERENNIAL_TEST_TEMPORAL_CLI: cli, ...(testServer ? { PERENNIAL_TEST_SERVER: testServer } : {}) };
}

async function runJest(servers, args) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-jest-'));
  const report = path.join(folder, 'report.json');
  say(`running the tests${args.length > 0 ? ` (${args.join(' ')})` : ''}`);
  const jest = ['node_modules/jest/bin/jest.js', '--json', `--outputFile=${report}`, '--passWithNoTests', ...args];
  try {
    // With --json jest prints the report itself on standard output; it belongs in the file only.
    const code = await runNode(jest, { ...process.env, ...servers }, ['ignore', 'ignore', 'inherit']);
    return count(JSON.parse(readFileSync(report, 'utf8')), code);
  } catch (error) {
    say(`jest left no report: ${error.message}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that could not even be run counts as one failure, and so does anything else that made jest fail. */
function count({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites, success }, code) {
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  return { passed: numPassedTests, failed: failed === 0 && (code !== 0 || !success) ? 1 : failed };
}

function runNode(args, env, stdio = 'inherit') {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env, stdio });
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

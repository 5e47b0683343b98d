/** What CI runs, phase by phase, each whatever became of the one before; what failed stands in the last 60 lines. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inCheckout } from './checkout.mjs';
import { openOrdinaryUser } from './ordinary-user.mjs';
import { runProgram } from './program.mjs';
import { formatFailures, formatWhole, readSummary } from './summary.mjs';

const FOLDER = inCheckout('dist', 'ci');
const LINES = 60;
/** What depends on who runs it: sandboxes, hooks, and whole starts. Rules, workflows, and masking are the same for everybody. */
const MACHINE_TESTS = [
  'test/hooks/(?!mask(-values|-encoded-token)?\\.test)',
  'test/runtimes/sandbox',
  'test/start/',
  'test/end-to-end/',
];
/** Whole starts on which the setting tells; the sandbox's own tests cover both kinds of isolation wherever they run. */
const PLAIN_TESTS = ['test/start/(end-to-end|life)'];

const MINUTE_MS = 60_000;
/** Far above what a phase takes on a quiet machine: only one that hangs is ended by it. CI as a whole has 90 minutes. */
const LIMITS_MS = {
  npmTest: 60 * MINUTE_MS,
  user: 28 * MINUTE_MS,
  cluster: 40 * MINUTE_MS,
  compose: 35 * MINUTE_MS,
  benchmarks: 15 * MINUTE_MS,
  openapi: 15 * MINUTE_MS,
};

/** Where no image is cached, making them takes a quarter of an hour, for which a slow machine may have no time left. */
const COMPOSE_BEGINS_BEFORE_MS = 52 * MINUTE_MS;

/** @type {({ name: string, seconds: number } & import('./summary.mjs').Summary)[]} */
const results = [];
rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
await runProgram({ program: process.execPath, args: ['scripts/lint-shell.mjs', '--install'], cwd: inCheckout(), label: 'shell' });
await Promise.all([runOnMachine(), runOnCluster()]);
for (const line of summarize()) console.log(line);
process.exit(results.every(({ failures }) => failures.length === 0) ? 0 : 1);

/** What needs the processors. The benchmarks, at their smallest, and the requests to the gateway leave them room. */
async function runOnMachine() {
  await run('npm test', ['scripts/test.mjs'], { limitMs: LIMITS_MS.npmTest });
  await Promise.all([runAsOrdinaryUser(), runSmallest()]);
}

async function runSmallest() {
  await run('benchmarks', ['scripts/bench.mjs', '--smallest'], { limitMs: LIMITS_MS.benchmarks });
  await run('openapi', ['scripts/test-openapi.mjs', '--smallest'], { limitMs: LIMITS_MS.openapi });
}

/**
 * Mostly waiting, for kubelets and for servers that were killed to come back, so it goes beside all else. Some of the tests on the cluster
 * crash it, so what runs the compose stack on the same one follows them.
 */
async function runOnCluster() {
  await run('kubernetes', ['scripts/test-kubernetes.mjs'], { limitMs: LIMITS_MS.cluster });
  const tookMs = performance.now();
  if (tookMs < COMPOSE_BEGINS_BEFORE_MS) return run('compose', ['scripts/test-compose.mjs'], { limitMs: LIMITS_MS.compose });
  const note = `left out, since the tests on the cluster ended after ${Math.round(tookMs / MINUTE_MS)} minutes`;
  results.push({ name: 'compose', seconds: 0, passed: 0, failures: [], note });
}

async function runAsOrdinaryUser() {
  const name = 'as an ordinary user';
  // One that is no root has been that user all the time, and `npm test` was all.
  if (process.getuid?.() !== 0) return console.log(`${name}: npm test was run as one`);
  let user;
  try {
    user = openOrdinaryUser();
  } catch (error) {
    return results.push({ name, seconds: 0, passed: 0, failures: [{ name, error: error.message }] });
  }
  try {
    const tests = (/** @type {string[]} */ patterns) => [
      'scripts/test.mjs',
      '--tests-only',
      `--testPathPatterns=${patterns.join('|')}`,
    ];
    const options = { ...user, limitMs: LIMITS_MS.user };
    const plain = { ...options, env: { ...user.env, PERENNIAL_SANDBOX_ISOLATION: 'plain' } };
    await Promise.all([run(name, tests(MACHINE_TESTS), options), run(`${name}, without isolation`, tests(PLAIN_TESTS), plain)]);
  } finally {
    user.remove();
  }
}

/**
 * Runs a script of the checkout as a phase, also as another user in a copy of it, and keeps the summary.
 * @param {string} name
 * @param {string[]} script
 * @param {{ prefix?: string[], env?: NodeJS.ProcessEnv, checkout?: string, limitMs?: number }} [options]
 */
async function run(name, script, { prefix = [], env = process.env, checkout = inCheckout(), limitMs } = {}) {
  console.log(`\n=== ${name} ===`);
  const startedAt = Date.now();
  const file = path.join(checkout, 'dist', 'ci', `${name.replace(/\W+/g, '-')}.json`);
  const [program = process.execPath, ...args] = [...prefix, process.execPath, ...script];
  const ended = await runProgram({
    program,
    args,
    env: { ...env, PERENNIAL_TEST_SUMMARY: file },
    cwd: checkout,
    label: name,
    limitMs,
  });
  const summary = readSummary(file, { name, ...ended });
  results.push({ name, seconds: Math.round((Date.now() - startedAt) / 1000), ...summary });
}

/** At most 60 lines: one for each phase, then each failure with its first error, in turn as far as there is room. */
function summarize() {
  const lines = results.map(
    ({ name, passed, failures, seconds, note = `${passed} passed, ${failures.length} failed` }) =>
      `${failures.length === 0 ? '✓' : '✕'} ${name}: ${note}, ${seconds} s`,
  );
  const failed = results.flatMap(({ name, failures }) => failures.map((each) => ({ ...each, name: `[${name}] ${each.name}` })));
  const file = path.join(FOLDER, 'failures.txt');
  if (failed.length > 0) writeFileSync(file, formatWhole(failed));
  return ['', '=== summary ===', ...lines, ...formatFailures(failed, { lines: LINES - lines.length - 4, file })];
}

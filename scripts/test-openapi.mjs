/**
 * `npm run test:openapi`: schemathesis, which sends what the OpenAPI document allows and what it forbids to a real gateway. It is a
 * Python program, installed once into the user's cache; without Python the test is left out, and one line says so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { importBuilt, inCheckout } from './checkout.mjs';
import { prepareOrExit } from './prepare.mjs';
import { runProgram } from './program.mjs';
import { writeSummary } from './summary.mjs';

const VERSION = '4.32.5';
const CACHE = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'perennial');
const FOLDER = path.join(CACHE, `schemathesis-${VERSION}`);
const INSTALL_LIMIT_MS = 300_000;
const RUN_LIMIT_MS = 600_000;
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'ignored_auth',
];
const isSmallest = process.argv.includes('--smallest');
const say = (/** @type {string} */ line) => console.log(`openapi: ${line}`);

await prepareOrExit();
const program = findSchemathesis();
if (program === null) {
  const note = 'left out, since there is no Python 3.10 with venv, or schemathesis cannot be installed';
  writeSummary({ passed: 0, failures: [], note });
  say(note);
  process.exit(0);
}
const failures = await run(program);
writeSummary({ passed: failures.length === 0 ? 1 : 0, failures });
process.exit(failures.length === 0 ? 0 : 1);

/** The program in the cache, installed where it is missing; null where that cannot be done. */
function findSchemathesis() {
  const found = path.join(FOLDER, 'bin', 'schemathesis');
  if (existsSync(found)) return found;
  mkdirSync(CACHE, { recursive: true });
  say(`installing schemathesis ${VERSION} (once only, about 10 to 60 s)`);
  const options = { stdio: /** @type {const} */ ('ignore'), timeout: INSTALL_LIMIT_MS };
  // A virtual environment has its own path in its programs, so it is not moved into place; without the program it is made again.
  const steps = [
    ['python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 10))'],
    ['python3', '-m', 'venv', '--clear', FOLDER],
    [path.join(FOLDER, 'bin', 'pip'), 'install', '--quiet', `schemathesis==${VERSION}`],
  ];
  for (const [file = '', ...args] of steps) {
    if (spawnSync(file, args, options).status !== 0) return null;
  }
  return existsSync(found) ? found : null;
}

/** @param {string} schemathesis */
async function run(schemathesis) {
  const { findTemporalCli } = await importBuilt('start', 'temporal', 'find-cli.js');
  const { env } = process;
  const search = { temporalCli: env.PERENNIAL_TEST_TEMPORAL_CLI, searchPath: env.PATH ?? '', cacheDir: CACHE };
  const cli = await findTemporalCli({ ...search, env, say, signal: new AbortController().signal });
  const require = createRequire(import.meta.url);
  require(inCheckout('test', 'support', 'typescript-hook.cjs'));
  const served = await require(inCheckout('test', 'openapi', 'serve.ts')).serve({ cli, say });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-schemathesis-'));
  try {
    const failed = [];
    for (const [name, config] of passes(served)) {
      say(name);
      const file = path.join(folder, 'schemathesis.toml');
      writeFileSync(file, config);
      const args = [
        '--config-file',
        file,
        'run',
        `${served.url}/openapi.json`,
        '--header',
        `Authorization: Bearer ${served.token}`,
      ];
      args.push('--checks', CHECKS.join(','), '--phases', 'examples,coverage,fuzzing', '--continue-on-failure', '--no-color');
      // A rotation waits for workspaces; the end of the workspace would leave nothing to ask.
      args.push('--exclude-operation-id', 'rotateOwnerKey', '--exclude-operation-id', 'delete');
      args.push('--max-examples', isSmallest ? '10' : '100', '--request-timeout', '30');
      const { how, printed } = await runProgram({ program: schemathesis, args, cwd: folder, limitMs: RUN_LIMIT_MS });
      if (how !== 'exit code 0') failed.push({ name: `schemathesis, ${name}`, error: `${how}\n${printed.slice(-4_000)}` });
    }
    return failed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await served.close().catch((/** @type {unknown} */ error) => say(String(error)));
  }
}

/**
 * With the parameters of the workspace that is there, and with any.
 * @param {{ owner: string, name: string }} served
 * @returns {[string, string][]}
 */
function passes({ owner, name }) {
  const parameters = `[parameters]\n"path.owner" = "${owner}"\n"path.name" = "${name}"\n"path.number" = 1\n`;
  return [
    ['on a workspace that runs', parameters],
    ['on any path', ''],
  ];
}

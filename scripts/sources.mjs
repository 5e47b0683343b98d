import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inCheckout, run } from './checkout.mjs';
import { BUILD_STAMP, fingerprint, hasOutputs, listSources } from './freshness.mjs';

const SRC = inCheckout('src');
const DIST = inCheckout('dist');
/** What `npm run build` makes of the compiled workflows. */
const BUNDLE = path.join(DIST, 'workflow-bundle.cjs');

/** Compiles src into dist, copies its shell scripts, bundles the command, and removes from dist what no longer has a source. */
export function build() {
  // Taken before the compiler reads, so that a file saved meanwhile makes the next run compile again.
  const compiled = fingerprint();
  rmSync(BUILD_STAMP, { force: true });
  rmSync(BUNDLE, { force: true });
  // The compiler's own record would have it skip outputs that were deleted.
  if (!hasOutputs()) rmSync(path.join(DIST, '.tsbuildinfo'), { force: true });
  run({ program: process.execPath, args: [compiler(), '-p', inCheckout('tsconfig.json')], failure: 'src does not compile' });
  copyScripts();
  run({ program: process.execPath, args: [bundler()], failure: 'the command could not be bundled' });
  removeOrphans();
  writeFileSync(BUILD_STAMP, compiled);
}

const compiler = () => inCheckout('node_modules', 'typescript', 'bin', 'tsc');

const bundler = () => inCheckout('scripts', 'bundle-command.mjs');

function copyScripts() {
  for (const name of listSources().filter((source) => source.endsWith('.sh'))) {
    mkdirSync(path.dirname(path.join(DIST, name)), { recursive: true });
    copyFileSync(path.join(SRC, name), path.join(DIST, name));
  }
}

function removeOrphans() {
  for (const output of filesIn(DIST, '.js')) {
    const name = output.slice(0, -'.js'.length);
    if (existsSync(path.join(SRC, `${path.relative(DIST, name)}.ts`))) continue;
    for (const extension of ['.js', '.js.map', '.d.ts']) rmSync(name + extension, { force: true });
  }
  for (const script of filesIn(DIST, '.sh')) if (!existsSync(path.join(SRC, path.relative(DIST, script)))) rmSync(script);
}

/**
 * @param {string} folder
 * @param {string} extension
 */
function filesIn(folder, extension) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

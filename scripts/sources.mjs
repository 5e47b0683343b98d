import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inCheckout, run } from './checkout.mjs';

const SRC = inCheckout('src');
const DIST = inCheckout('dist');
const STAMP = path.join(DIST, '.built');
/** What `npm run build` makes of the compiled workflows. */
const BUNDLE = path.join(DIST, 'workflow-bundle.cjs');

/** Whether dist was compiled from exactly the sources there are now. */
export function isBuilt() {
  try {
    return readFileSync(STAMP, 'utf8') === fingerprint() && missingOutputs().length === 0;
  } catch {
    return false;
  }
}

/** Compiles src into dist, copies its shell scripts, and removes from dist what no longer has a source. */
export function build() {
  // Taken before the compiler reads, so that a file saved meanwhile makes the next run compile again.
  const compiled = fingerprint();
  rmSync(STAMP, { force: true });
  rmSync(BUNDLE, { force: true });
  // The compiler's own record would have it skip outputs that somebody deleted.
  if (missingOutputs().length > 0) rmSync(path.join(DIST, '.tsbuildinfo'), { force: true });
  run({ program: process.execPath, args: [compiler(), '-p', inCheckout('tsconfig.json')], failure: 'src does not compile' });
  copyScripts();
  removeOrphans();
  writeFileSync(STAMP, compiled);
}

const compiler = () => inCheckout('node_modules', 'typescript', 'bin', 'tsc');

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of [
    inCheckout('tsconfig.json'),
    inCheckout('package-lock.json'),
    ...filesIn(SRC, '.ts'),
    ...filesIn(SRC, '.sh'),
  ]) {
    const { mtimeMs, size } = statSync(file);
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

const missingOutputs = () => [
  ...filesIn(SRC, '.ts').filter((file) => !file.endsWith('.d.ts') && !existsSync(outputOf(file).replace(/\.ts$/, '.js'))),
  ...filesIn(SRC, '.sh').filter((file) => !existsSync(outputOf(file))),
];

const outputOf = (source) => path.join(DIST, path.relative(SRC, source));

function copyScripts() {
  for (const file of filesIn(SRC, '.sh')) {
    mkdirSync(path.dirname(outputOf(file)), { recursive: true });
    copyFileSync(file, outputOf(file));
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

function filesIn(folder, extension) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/**
 * Bundles the `perennial` command into dist/command, a part of the build. Most of a command's time would go into finding and reading
 * the hundreds of files of its libraries. Runtimes and hooks are left out: a command that needs them imports their compiled files.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { inCheckout } from './checkout.mjs';

const SRC = inCheckout('src');
const OUTPUT = inCheckout('dist', 'command');
const DAY_MS = 86_400_000;
const NOT_BUNDLED = /^(?:runtimes|hooks)\//;

/** @type {esbuild.Plugin} */
const compiledFiles = {
  name: 'compiled-files',
  setup(build) {
    build.onResolve({ filter: /^\./ }, ({ path: imported, resolveDir }) => {
      const file = path.relative(SRC, path.resolve(resolveDir, imported)).split(path.sep).join('/').replace(/\.js$/, '');
      if (!NOT_BUNDLED.test(file)) return undefined;
      const isFolder = existsSync(path.join(SRC, file, 'index.ts'));
      return { path: `../${file}${isFolder ? '/index' : ''}.js`, external: true };
    });
  },
};

/** @type {esbuild.Plugin} */
const prunedProtocol = {
  name: 'pruned-protocol',
  setup(build) {
    build.onLoad({ filter: /[\\/]@temporalio[\\/]proto[\\/]protos[\\/]json-module\.js$/ }, async ({ path: file }) => {
      const { pruneProtocol } = await import('./protocol.mjs');
      return { contents: pruneProtocol(calledMethods()), resolveDir: path.dirname(file) };
    });
  },
};

/**
 * Commander starts programs only for subcommands that are programs of their own, of which there is none.
 * @type {esbuild.Plugin}
 */
const lateChildProcess = {
  name: 'late-child-process',
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: 'child_process', namespace: 'late' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'late' }, () => ({
      contents: "exports.spawn = (...args) => process.getBuiltinModule('node:child_process').spawn(...args);",
    }));
  },
};

/** The methods of Temporal's workflow service that the SDK's client of workflows and src name. */
function calledMethods() {
  const sdk = ['workflow-client.js', 'connection.js'].map((name) =>
    inCheckout('node_modules', '@temporalio', 'client', 'lib', name),
  );
  const own = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const texts = [...sdk, ...own.map((name) => path.join(SRC, name))].map((file) => readFileSync(file, 'utf8'));
  return new Set(texts.flatMap((text) => [...text.matchAll(/\bworkflowService\s*\.\s*(\w+)/g)].map(([, name = '']) => name)));
}

const { metafile } = await esbuild.build({
  entryPoints: { index: path.join(SRC, 'cli', 'index.ts') },
  outdir: OUTPUT,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minify: true,
  metafile: true,
  logLevel: 'warning',
  plugins: [compiledFiles, prunedProtocol, lateChildProcess],
  // For the CommonJS libraries in it, which require the modules of Node.
  banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
});

const written = new Set(Object.keys(metafile.outputs).map((file) => path.basename(file)));
// A command that waits for an answer may still import what it was built with.
const isOld = (/** @type {string} */ file) => statSync(file).mtimeMs < Date.now() - DAY_MS;
for (const file of readdirSync(OUTPUT).map((name) => path.join(OUTPUT, name)))
  if (!written.has(path.basename(file)) && isOld(file)) rmSync(file, { recursive: true });

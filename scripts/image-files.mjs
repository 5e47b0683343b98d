/**
 * `node scripts/image-files.mjs FOLDER PROGRAM...`: copies into FOLDER what the programs of the container load, and nothing else. The
 * Dockerfile calls it on a checkout that has been built. Programs are named relative to the checkout.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { nodeFileTrace } from '@vercel/nft';
import { inCheckout } from './checkout.mjs';
import { listSources } from './freshness.mjs';

/** The SDK requires its native part by a computed path, so that the parts of all platforms are found. */
const NATIVE = 'node_modules/@temporalio/core-bridge/releases/';
/** Compiles workflows when the SDK bundles them; the image has the bundle. */
const COMPILER = /^node_modules\/(?:@swc|swc-loader|terser)\//;
const PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;
const TYPES = /\.d\.[cm]?ts$|^node_modules\/.*\.map$/;

/** @type {{ getPrebuiltTargetName: () => string }} */
const { getPrebuiltTargetName } = createRequire(import.meta.url)('@temporalio/core-bridge/common.js');
const [folder, ...programs] = process.argv.slice(2);
if (folder === undefined || programs.length === 0) throw new Error('expected a folder and at least one program');
const root = inCheckout();
const { packages } = JSON.parse(readFileSync(inCheckout('package-lock.json'), 'utf8'));
const { fileList } = await nodeFileTrace(
  programs.map((name) => inCheckout(name)),
  { base: root, processCwd: root, ignore: isUnused },
);
const traced = [...fileList].filter((file) => !isUnused(file) && !isOtherPlatform(file));
// The sources map the lines of stack traces, and shell scripts are read by name when a module is loaded.
const maps = traced.map((file) => `${file}.map`).filter((file) => file.startsWith('dist/') && existsSync(inCheckout(file)));
const scripts = listSources().flatMap((name) => (name.endsWith('.sh') ? [`dist/${name}`] : []));
const files = new Set(['package.json', ...traced, ...maps, ...scripts]);
for (const file of files) {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  copyFileSync(inCheckout(file), path.join(folder, file));
}
console.log(`copied ${files.size} files`);

/** @param {string} file */
function isUnused(file) {
  const name = PACKAGE.exec(file)?.[0] ?? '';
  // Libraries load some packages only where they are installed; those of development are not, outside of a checkout.
  return COMPILER.test(file) || TYPES.test(file) || packages[name]?.dev === true;
}

/** @param {string} file */
function isOtherPlatform(file) {
  return file.startsWith(NATIVE) && !file.startsWith(`${NATIVE}${getPrebuiltTargetName()}/`);
}

/**
 * `npm run lint:shell`: checks the shell scripts with shellcheck, where that is installed. With `--install`, root installs Debian's
 * package first if it can.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { inCheckout } from './checkout.mjs';

const INSTALL = 'apt-get update && apt-get install -y --no-install-recommends shellcheck';
const INSTALL_LIMIT_MS = 120_000;

const isInstalled = () => spawnSync('shellcheck', ['--version'], { stdio: 'ignore' }).status === 0;

if (!isInstalled() && process.argv.includes('--install') && process.getuid?.() === 0)
  spawnSync('sh', ['-c', INSTALL], { stdio: 'ignore', timeout: INSTALL_LIMIT_MS });
if (!isInstalled()) {
  console.log('shell scripts: not checked, since shellcheck is not installed');
  process.exit(0);
}
// Included files are checked where they are included, with the variables of that file.
const args = ['--shell=sh', '--check-sourced', '--format=gcc', ...listEntries('src'), ...listImageScripts()];
process.exit(spawnSync('shellcheck', args, { cwd: inCheckout(), stdio: 'inherit' }).status ?? 1);

/** @param {string} folder */
function listEntries(folder) {
  const scripts = listFiles(folder).filter((file) => file.endsWith('.sh'));
  const included = scripts.flatMap((file) =>
    [...read(file).matchAll(/^\. \.\/(\S+)$/gm)].map(([, name = '']) => path.join(path.dirname(file), name)),
  );
  return scripts.filter((file) => !included.includes(file));
}

function listImageScripts() {
  return listFiles('images').filter((file) => read(file).startsWith('#!/bin/sh\n'));
}

/** @param {string} folder */
function listFiles(folder) {
  return readdirSync(inCheckout(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(inCheckout(), path.join(entry.parentPath ?? entry.path, entry.name)));
}

/** @param {string} file */
function read(file) {
  return readFileSync(inCheckout(file), 'utf8');
}

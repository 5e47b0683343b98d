import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { inCheckout, run } from './checkout.mjs';
import { INSTALL_STAMP } from './freshness.mjs';

/** Whether node_modules is what package-lock.json says, by the stamp that the last install left. */
export function areDependenciesInstalled() {
  try {
    return readFileSync(INSTALL_STAMP, 'utf8') === lockHash();
  } catch {
    return false;
  }
}

/**
 * Development dependencies are always included, because the compiler is one of them. Install scripts are skipped: none of
 * the dependencies needs its own, and this package's would only do what follows here.
 */
export function installDependencies() {
  run({
    program: process.platform === 'win32' ? 'npm.cmd' : 'npm',
    args: ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    failure: 'the dependencies could not be installed',
  });
  finishInstall();
}

/** Links the command, so that `npx perennial` finds it in the checkout, and then leaves the stamp. */
export function finishInstall() {
  const link = inCheckout('node_modules', '.bin', 'perennial');
  mkdirSync(inCheckout('node_modules', '.bin'), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync('../../bin/perennial.mjs', link);
  chmodSync(inCheckout('bin', 'perennial.mjs'), 0o755);
  writeFileSync(INSTALL_STAMP, lockHash());
}

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(inCheckout('package-lock.json')))
    .digest('hex');

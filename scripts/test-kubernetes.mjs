/**
 * `npm run test:kubernetes`: the tests that need a cluster, on that of KUBECONFIG; else on a cluster of a single node that the
 * tool beside the checkout builds, if it is there; else none, which is said.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inCheckout } from './checkout.mjs';
import { prepare } from './prepare.mjs';

const TOOL = inCheckout('..', 'shared', 'tools', 'cluster', 'cluster');
const startedAt = Date.now();
const say = (line) => console.log(`[${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${line}`);

process.chdir(inCheckout());
const cluster = process.env.KUBECONFIG ? { env: {}, end: () => {} } : openCluster();
if (cluster === null) process.exit(0);
await prepare({ say });
say('running the tests that need a cluster (about 6 minutes, two of them for an image that is not there)');
const jest = ['node_modules/jest/bin/jest.js', '-c', 'jest.kubernetes.config.cjs', ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, jest, { env: { ...process.env, ...cluster.env }, stdio: 'inherit' });
cluster.end();
process.exit(status ?? 1);

/** Null, with the reason said, where there is none. */
function openCluster() {
  if (!existsSync(TOOL)) return leaveOut('KUBECONFIG is not set, and no tool to make a cluster is there');
  const wasUp = spawnSync(TOOL, ['status'], { stdio: 'ignore' }).status === 0;
  say('starting a cluster (seconds when it was built before, else about 15 minutes)');
  if (spawnSync(TOOL, ['up'], { stdio: 'inherit' }).status !== 0) return leaveOut('no cluster could be started on this machine');
  const end = () => (wasUp ? undefined : spawnSync(TOOL, ['down'], { stdio: 'inherit' }));
  try {
    const image = read([TOOL, 'workspace-image']);
    const env = Object.fromEntries([...read([TOOL, 'env']).matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
    return {
      env: { ...env, PERENNIAL_TEST_IMAGE: image, PERENNIAL_TEST_OTHER_IMAGE: loadOtherImage(path.dirname(image)) },
      end,
    };
  } catch (error) {
    end();
    return leaveOut(`the images for them could not be made: ${error.message}`);
  }
}

function leaveOut(why) {
  console.log(`the tests that need a cluster were left out: ${why}`);
  return null;
}

/** An image whose user has another uid than that of the first. */
function loadOtherImage(registry) {
  const image = `${registry}/other-uid:1`;
  const root = mkdtempSync(path.join(os.tmpdir(), 'perennial-image-'));
  for (const name of ['bin', 'etc', 'srv/other', 'tmp', 'proc', 'sys', 'dev'])
    mkdirSync(path.join(root, name), { recursive: true });
  copyFileSync('/bin/busybox', path.join(root, 'bin/busybox'));
  for (const applet of ['sh', 'cat', 'id', 'sleep', 'head', 'env']) symlinkSync('busybox', path.join(root, 'bin', applet));
  writeFileSync(path.join(root, 'etc/passwd'), 'other:x:2000:2000::/srv/other:/bin/sh\n');
  const config = JSON.stringify({ User: '2000:2000', Env: ['PATH=/bin'], Cmd: ['sh'] });
  read([TOOL, 'load-image', image, root, config]);
  rmSync(root, { recursive: true });
  return image;
}

function read([program, ...args]) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with exit code ${status}`);
  return stdout.trim();
}

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inCheckout } from './checkout.mjs';

/** @typedef {(line: string) => void} Say */

const TOOL = inCheckout('..', 'shared', 'tools', 'cluster', 'cluster');

/** The images of the tests by the variable that names each, and its name below PERENNIAL_TEST_IMAGES. */
const IMAGES = {
  PERENNIAL_TEST_IMAGE: 'workspace:1',
  PERENNIAL_TEST_NEXT_IMAGE: 'small:1',
  PERENNIAL_TEST_OTHER_IMAGE: 'other-uid:1',
  PERENNIAL_TEST_ODD_IMAGE: 'odd:1',
};

/**
 * Finds a cluster for `what`: that of KUBECONFIG, else one of a single node from the tool beside the checkout. Where there is
 * neither, one line says so, and null is the answer. A cluster that should be there and is not is an error: nothing passes untested.
 *
 * Returns what to add to the environment, the tool where it made the cluster (else null), and what ends a cluster that was not up.
 * @param {{ what: string, say: Say, tool?: string, env?: NodeJS.ProcessEnv }} options
 */
export function openCluster({ what, say, tool = TOOL, env = process.env }) {
  const isOfTool = existsSync(tool) && (!env.KUBECONFIG || path.resolve(env.KUBECONFIG) === readEnv(tool).KUBECONFIG);
  if (isOfTool) return openToolCluster({ say, tool });
  if (env.KUBECONFIG) return { env: findImages(env), tool: null, end: () => {} };
  console.log(`${what} were left out: KUBECONFIG is not set, and no tool to make a cluster is there`);
  return null;
}

/** @param {{ say: Say, tool: string }} options */
function openToolCluster({ say, tool }) {
  const wasUp = spawnSync(tool, ['status'], { stdio: 'ignore' }).status === 0;
  say('starting a cluster (seconds when it was built before, else about 15 minutes)');
  if (spawnSync(tool, ['up'], { stdio: 'inherit' }).status !== 0) throw new Error(`no cluster: \`${tool} up\` failed`);
  const end = () => (wasUp ? undefined : spawnSync(tool, ['down'], { stdio: 'inherit' }));
  try {
    return { env: { ...readEnv(tool), ...loadImages(tool) }, tool, end };
  } catch (error) {
    end();
    throw error;
  }
}

/**
 * On any other cluster the images come from a registry, or were loaded into its nodes: docs/testing-on-a-cluster.md.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>}
 */
function findImages(env) {
  const prefix = env.PERENNIAL_TEST_IMAGES;
  const found = Object.entries(IMAGES).map(([variable, name]) => [variable, env[variable] || (prefix && `${prefix}/${name}`)]);
  const missing = found.filter(([, image]) => !image).map(([variable]) => variable);
  if (missing.length === 0) return Object.fromEntries(found);
  throw new Error(
    `KUBECONFIG is set, and the images of the tests are not: expected PERENNIAL_TEST_IMAGES, or ${missing.join(', ')}` +
      ' (docs/testing-on-a-cluster.md)',
  );
}

/**
 * @param {string} tool
 * @returns {Record<string, string>}
 */
function readEnv(tool) {
  return Object.fromEntries([...read([tool, 'env']).matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
}

/**
 * A whole image of 250 MB, a small one for the same user, one whose user has another uid, and one with odd names.
 * @param {string} tool
 */
function loadImages(tool) {
  const image = read([tool, 'workspace-image']);
  const load = (/** @type {string} */ name, /** @type {ImageOptions} */ options) =>
    loadSmallImage({ tool, name: `${path.dirname(image)}/${name}`, ...options });
  return {
    PERENNIAL_TEST_IMAGE: image,
    PERENNIAL_TEST_NEXT_IMAGE: load(IMAGES.PERENNIAL_TEST_NEXT_IMAGE, { user: 'coder', uid: 1000, home: '/home/coder' }),
    PERENNIAL_TEST_OTHER_IMAGE: load(IMAGES.PERENNIAL_TEST_OTHER_IMAGE, { user: 'other', uid: 2000, home: '/srv/other' }),
    PERENNIAL_TEST_ODD_IMAGE: load(IMAGES.PERENNIAL_TEST_ODD_IMAGE, oddImage()),
  };
}

/** Programs outside the usual folders, a login shell that refuses logins, and names of users and of a file that are not UTF-8. */
function oddImage() {
  const odd = Buffer.from('m\xfcller', 'latin1');
  const addTo = (/** @type {string} */ root) => {
    const passwd = path.join(root, 'etc/passwd');
    const lines = ['coder:x:1000:1000::/home/coder:/sbin/nologin\n', odd, ':x:1001:1001::/srv/', odd, ':/bin/sh\n'];
    writeFileSync(passwd, Buffer.concat(lines.map((part) => Buffer.from(part))));
    writeFileSync(path.join(root, 'etc/profile'), 'PATH=/usr/bin:/bin; export PATH\n');
    writeFileSync(Buffer.concat([Buffer.from(path.join(root, 'home/coder/')), odd]), 'kept');
  };
  return { user: 'coder', uid: 1000, home: '/home/coder', programs: '/opt/tools/bin', addTo };
}

/**
 * An image of busybox alone, with one user; `addTo` adds to its root file system.
 * @typedef {{ user: string, uid: number, home: string, programs?: string, addTo?: (root: string) => void }} ImageOptions
 * @param {ImageOptions & { tool: string, name: string }} options
 */
function loadSmallImage({ tool, name, user, uid, home, programs = '/bin', addTo = () => {} }) {
  const root = mkdtempSync(path.join(os.tmpdir(), 'perennial-image-'));
  for (const folder of [programs, 'etc', home, 'tmp', 'proc', 'sys', 'dev'])
    mkdirSync(path.join(root, folder), { recursive: true });
  chmodSync(path.join(root, 'tmp'), 0o1777);
  copyFileSync('/bin/busybox', path.join(root, programs, 'busybox'));
  const applets = read(['/bin/busybox', '--list'])
    .split('\n')
    .filter((applet) => applet !== 'busybox');
  for (const applet of applets) symlinkSync('busybox', path.join(root, programs, applet));
  writeFileSync(path.join(root, 'etc/passwd'), `${user}:x:${uid}:${uid}::${home}:/bin/sh\n`);
  writeFileSync(path.join(root, 'etc/group'), `${user}:x:${uid}:\n`);
  addTo(root);
  const config = JSON.stringify({ User: user, Env: [`PATH=${programs}`], Cmd: ['sh'] });
  read([tool, 'load-image', name, root, config]);
  rmSync(root, { recursive: true });
  return name;
}

/** @param {[program: string, ...args: string[]]} line */
function read([program, ...args]) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with exit code ${status}`);
  return stdout.trim();
}

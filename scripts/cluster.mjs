import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inCheckout } from './checkout.mjs';

const TOOL = inCheckout('..', 'shared', 'tools', 'cluster', 'cluster');

/**
 * Finds a cluster: that of KUBECONFIG; else one of a single node that the tool beside the checkout builds, if it is there; else
 * none, which is said in one line that names `what` was left out, and null is the answer.
 *
 * Returns what to add to the environment, the tool where it made the cluster (else null), and what ends a cluster that was not up.
 */
export function openCluster({ what, say }) {
  const { KUBECONFIG } = process.env;
  if (KUBECONFIG)
    return isOfTool(KUBECONFIG) ? { env: loadImages(), tool: TOOL, end: () => {} } : { env: {}, tool: null, end: () => {} };
  const leaveOut = (why) => {
    console.log(`${what} were left out: ${why}`);
    return null;
  };
  if (!existsSync(TOOL)) return leaveOut('KUBECONFIG is not set, and no tool to make a cluster is there');
  const wasUp = spawnSync(TOOL, ['status'], { stdio: 'ignore' }).status === 0;
  say('starting a cluster (seconds when it was built before, else about 15 minutes)');
  if (spawnSync(TOOL, ['up'], { stdio: 'inherit' }).status !== 0) return leaveOut('no cluster could be started on this machine');
  const end = () => (wasUp ? undefined : spawnSync(TOOL, ['down'], { stdio: 'inherit' }));
  try {
    return { env: { ...readEnv(), ...loadImages() }, tool: TOOL, end };
  } catch (error) {
    end();
    return leaveOut(`the images for them could not be made: ${error.message}`);
  }
}

function isOfTool(kubeconfig) {
  return existsSync(TOOL) && path.resolve(kubeconfig) === readEnv().KUBECONFIG;
}

function readEnv() {
  return Object.fromEntries([...read([TOOL, 'env']).matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
}

/** The images of the tests: a whole one of 250 MB, a small one for the same user, and one whose user has another uid. */
function loadImages() {
  const image = read([TOOL, 'workspace-image']);
  const registry = path.dirname(image);
  return {
    PERENNIAL_TEST_IMAGE: image,
    PERENNIAL_TEST_NEXT_IMAGE: loadSmallImage(`${registry}/small:1`, { user: 'coder', uid: 1000, home: '/home/coder' }),
    PERENNIAL_TEST_OTHER_IMAGE: loadSmallImage(`${registry}/other-uid:1`, { user: 'other', uid: 2000, home: '/srv/other' }),
    PERENNIAL_TEST_ODD_IMAGE: loadOddImage(`${registry}/odd:1`),
  };
}

/** All programs in a folder of its own, a login shell that is none, and names of users and of a file that are no UTF-8. */
function loadOddImage(name) {
  const odd = Buffer.from('m\xfcller', 'latin1');
  const addTo = (root) => {
    const passwd = path.join(root, 'etc/passwd');
    const lines = ['coder:x:1000:1000::/home/coder:/sbin/nologin\n', odd, ':x:1001:1001::/srv/', odd, ':/bin/sh\n'];
    writeFileSync(passwd, Buffer.concat(lines.map((part) => Buffer.from(part))));
    writeFileSync(path.join(root, 'etc/profile'), 'PATH=/usr/bin:/bin; export PATH\n');
    writeFileSync(Buffer.concat([Buffer.from(path.join(root, 'home/coder/')), odd]), 'kept');
  };
  return loadSmallImage(name, { user: 'coder', uid: 1000, home: '/home/coder', programs: '/opt/tools/bin', addTo });
}

function loadSmallImage(name, { user, uid, home, programs = '/bin', addTo = () => {} }) {
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
  read([TOOL, 'load-image', name, root, config]);
  rmSync(root, { recursive: true });
  return name;
}

function read([program, ...args]) {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with exit code ${status}`);
  return stdout.trim();
}

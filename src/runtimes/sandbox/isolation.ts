import { execFile } from 'node:child_process';
import { PROGRAM_PATH } from './programs';

/** How sandboxes are kept apart on this machine; `because` is a sentence for each build's warnings. */
export type Isolation = { mode: 'isolated' } | { mode: 'plain'; because: string };

/**
 * Finds out what this machine allows, by trying it. Only a success is kept: a trial may also fail because the machine is busy,
 * and that must not decide for all that comes after.
 */
export function findIsolation(wanted: 'auto' | 'plain'): () => Promise<Isolation> {
  let found: Isolation | null = wanted === 'plain' ? plain('it was asked for') : null;
  return async () => {
    if (found !== null) return found;
    const tried = await tryIsolation();
    if (tried.mode === 'isolated') found = tried;
    return tried;
  };
}

async function tryIsolation(): Promise<Isolation> {
  if (process.platform !== 'linux') return plain('isolation needs Linux');
  if (process.getuid?.() !== 0) return plain('isolation needs root');
  const failure = await runTrial();
  return failure === null ? { mode: 'isolated' } : plain(`isolation was tried and failed (${failure})`);
}

const plain = (why: string): Isolation => ({
  mode: 'plain',
  because: `this machine gives no isolation, only the home is the workspace's own: ${why}; the image's files are not laid over the root`,
});

// The least that a sandbox needs, and all of it vanishes with the shell.
const TRIAL = `
command -v nsenter && mount -t tmpfs tmpfs /tmp && cd /tmp && mkdir upper work root &&
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root &&
mount -t proc proc root/proc && cd root && pivot_root . . && umount -l . && cd / && setpriv --reuid 65534 --clear-groups true`;

function runTrial(): Promise<string | null> {
  const args = ['--mount', '--pid', '--ipc', '--uts', '--fork', 'sh', '-c', TRIAL];
  return new Promise((resolve) => {
    execFile('unshare', args, { env: { PATH: PROGRAM_PATH }, timeout: 10_000 }, (error, _, stderr) => {
      resolve(error === null ? null : (stderr.trim().split('\n').at(-1) ?? error.message));
    });
  });
}

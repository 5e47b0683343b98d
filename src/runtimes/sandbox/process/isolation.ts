import { execFile } from 'node:child_process';
import { readScript } from '../../../hooks/shell/read-script';
import { PROGRAM_PATH } from './path';

/** How sandboxes are isolated on this machine; `because` is a sentence for each build's warnings. */
export type Isolation = { mode: 'isolated' | 'user-namespace' } | { mode: 'plain'; because: string };

/**
 * Finds out what this machine allows, by trying it. Only a success is cached: a trial may also fail because the machine is busy.
 */
export function findIsolation(wanted: 'auto' | 'plain'): () => Promise<Isolation> {
  let found: Isolation | null = wanted === 'plain' ? plain('it was asked for') : null;
  return async () => {
    if (found !== null) return found;
    const tried = await tryIsolation();
    if (tried.mode !== 'plain') found = tried;
    return tried;
  };
}

async function tryIsolation(): Promise<Isolation> {
  if (process.platform !== 'linux') return plain('isolation needs Linux');
  const mode = process.getuid?.() === 0 ? 'isolated' : 'user-namespace';
  const failure = await runTrial(TRIALS[mode]);
  if (failure === null) return { mode };
  return plain(`${mode === 'isolated' ? 'isolation' : 'isolation by user namespaces'} was tried and failed (${failure})`);
}

const plain = (why: string): Isolation => ({
  mode: 'plain',
  because: `this machine gives no isolation, only the home is the workspace's own: ${why}; the image's files are not laid over the root`,
});

// The least that a sandbox needs.
const TRIALS = {
  isolated: [
    ...['--mount', '--pid', '--ipc', '--uts', '--fork', 'sh', '-c'],
    readScript(__dirname, '..', 'scripts', 'try-isolated.sh'),
  ],
  'user-namespace': [
    ...['--user', '--map-root-user', '--mount', '--ipc', '--uts', 'sh', '-c'],
    readScript(__dirname, '..', 'scripts', 'try-user-namespace.sh'),
  ],
};

function runTrial(args: string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile('unshare', args, { env: { PATH: PROGRAM_PATH }, timeout: 10_000 }, (error, _, stderr) => {
      resolve(error === null ? null : stderr.trim().split('\n').at(-1) || error.message);
    });
  });
}

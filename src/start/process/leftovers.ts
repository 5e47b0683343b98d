import { isProcessAlive } from '../../runtimes/sandbox/process/identity';
import type { Say } from '../progress';
import { readProcessesFile, removeStackFile } from '../state-files';
import { endProcess } from './end-process';

/**
 * Ends the worker, the gateway, and the server that a killed start left on DIR, each proved to be the one written down by its start time.
 * Sandboxes are left alone: they live on, and the new worker takes them over.
 */
export async function endLeftovers({ dir, say }: { dir: string; say: Say }): Promise<void> {
  removeStackFile(dir);
  const { worker, gateway, server } = readProcessesFile(dir);
  for (const [name, identity, graceMs] of [
    ['worker', worker, 10_000],
    ['gateway', gateway, 5_000],
    ['Temporal server', server, 5_000],
  ] as const) {
    if (identity === undefined || !isProcessAlive(identity)) continue;
    say(`ending the ${name} that an earlier start left (process ${identity.pid})`);
    await endProcess({ identity, graceMs });
  }
}

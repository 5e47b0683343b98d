import { RuntimeFailure } from '../failure';
import type { PodRef } from '../runtime';
import { latestInputMs } from '../terminal-time';
import { withTimeLimit } from '../time-limit';
import type { ClusterContext } from './context';
import { exec } from './exec';
import { podName } from './object-names';

/** The command first enters the home, which never ends where the volume hangs. The caller asks again after 15 s. */
const LIMIT_MS = 10_000;

/** The pod's clock, which may differ from the worker's, and each terminal's time of access, which is that of its input. */
const READ_TERMINALS = `date +%s
for terminal in /dev/pts/[0-9]*; do
  [ ! -c "$terminal" ] || stat -c %X "$terminal" || exit 1
done`;

/** When a terminal in the pod last had input, in epoch milliseconds by the worker's clock; null when none had. */
export async function lastTerminalInput(cluster: ClusterContext, ref: PodRef): Promise<number | null> {
  const command = { argv: ['sh', '-c', READ_TERMINALS] };
  const limit = { what: `reading the terminals of pod ${podName(ref.id)}`, limitMs: LIMIT_MS };
  const { exitCode, stdout } = await withTimeLimit(limit, (signal) => exec(cluster, ref, command, signal));
  const [now = '', ...inputs] = stdout.trim().split('\n');
  if (exitCode !== 0 || !/^\d+$/.test(now)) {
    throw new RuntimeFailure('RuntimeUnavailable', `the terminals of pod ${podName(ref.id)} could not be read`);
  }
  const newestMs = Math.max(...inputs.map((seconds) => latestInputMs(Number(seconds) * 1_000)).filter(Number.isFinite));
  return Number.isFinite(newestMs) ? Date.now() - Math.max(0, Number(now) * 1_000 - newestMs) : null;
}

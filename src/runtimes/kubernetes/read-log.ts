import { RuntimeFailure } from '../failure';
import type { LogRef } from '../runtime';
import { withTimeLimit } from '../time-limit';
import type { ClusterContext } from './context';
import { execTarget } from './exec';
import { runBinaryCommand } from './exec-channel/run-command';
import { readClaim } from './home/claim';
import { podName } from './object-names';
import { readPodState } from './pod/state';

const MAX_LOG_BYTES = 1024 * 1024;
const LIMIT_MS = 30_000;

const NO_LOG = 44;
const READ_LOG = `cd "$HOME" && [ -f "$1" ] || exit ${NO_LOG}
wc -c <"$1"
tail -c "+$(($2 + 1))" "$1" | head -c "$3"`;

/** Part of a step's log, through any pod of the workspace that runs; null while there is no log, or no home. */
export async function readLog(cluster: ClusterContext, log: LogRef): Promise<{ text: Buffer; nextOffset: number } | null> {
  const pod = await cluster.api.pods.read({ namespace: cluster.namespaceOf(log.organization), name: podName(log.id) });
  if (pod === null || readPodState(pod).state !== 'running') {
    if ((await readClaim(cluster, log)) === null) return null;
    throw new RuntimeFailure('RuntimeUnavailable', `the home of ${log.id} can only be read while its pod runs`);
  }
  const file = `.perennial/logs/build-${log.build}/${log.step}.log`;
  const argv = ['sh', '-c', READ_LOG, 'sh', file, String(log.offset), String(MAX_LOG_BYTES)];
  const limit = { what: `reading log ${file} of ${log.id}`, limitMs: LIMIT_MS };
  const { exitCode, stdout } = await withTimeLimit(limit, (signal) =>
    runBinaryCommand(execTarget(cluster, log), { argv }, signal),
  );
  if (exitCode === NO_LOG) return null;
  const lineEnd = stdout.indexOf(10);
  const size = Number(stdout.subarray(0, lineEnd).toString());
  if (exitCode !== 0 || lineEnd < 0) throw new RuntimeFailure('RuntimeUnavailable', `log ${file} of ${log.id} could not be read`);
  const text = stdout.subarray(lineEnd + 1);
  return { text, nextOffset: Math.min(log.offset, size) + text.length };
}

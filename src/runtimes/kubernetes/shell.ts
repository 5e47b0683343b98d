import type { PodRef } from '../runtime';
import type { ClusterContext } from './context';
import { execTarget } from './exec';
import { runShell, type ShellRequest } from './exec-channel/run-shell';
import { requireRunning } from './observe';

/** Opens a terminal, or one command, in the pod of this build on the caller's own standard streams; resolves with the exit code. */
export async function shell(cluster: ClusterContext, ref: PodRef, request: ShellRequest): Promise<number> {
  await requireRunning(cluster, ref);
  return runShell(execTarget(cluster, ref), request);
}

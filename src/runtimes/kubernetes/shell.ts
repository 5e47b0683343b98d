import type { PodRef } from '../runtime';
import type { ShellRequest } from '../shell-request';
import type { ClusterContext } from './context';
import { execTarget } from './exec';
import { runShell } from './exec-channel/run-shell';
import { requireRunning } from './observe';

/** Opens a terminal, or one command, in the pod of this build on the caller's streams; resolves with the exit code. */
export async function shell(cluster: ClusterContext, ref: PodRef, request: ShellRequest): Promise<number> {
  await requireRunning(cluster, ref);
  return runShell(execTarget(cluster, ref), request);
}

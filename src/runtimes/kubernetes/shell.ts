import { randomUUID } from 'node:crypto';
import { readScript } from '../../hooks/shell/read-script';
import type { PodRef } from '../runtime';
import type { ShellRequest } from '../shell-request';
import type { ClusterContext } from './context';
import { execTarget } from './exec';
import type { ExecTarget } from './exec-channel/channels';
import { runCommand } from './exec-channel/run-command';
import { runShell } from './exec-channel/run-shell';
import { requireRunning } from './observe';

const HANG_UP = readScript(__dirname, 'scripts', 'hang-up.sh');
const HANG_UP_MS = 10_000;

/** Opens a terminal, or one command, in the pod of this build on the caller's streams; resolves with the exit code. */
export async function shell(cluster: ClusterContext, ref: PodRef, request: ShellRequest): Promise<number> {
  await requireRunning(cluster, ref);
  const target = execTarget(cluster, ref);
  const id = randomUUID();
  try {
    return await runShell(target, request, id);
  } catch (error) {
    await hangUp(target, id);
    throw error;
  }
}

/** A lost connection ends nothing in the pod. What cannot be reached now lives on until the pod ends. */
async function hangUp(target: ExecTarget, id: string): Promise<void> {
  await runCommand(target, { argv: ['sh', '-c', HANG_UP, 'sh', id] }, AbortSignal.timeout(HANG_UP_MS)).catch(() => undefined);
}

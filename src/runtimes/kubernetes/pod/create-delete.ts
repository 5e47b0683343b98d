import { setTimeout as pause } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { ApiFailure } from '../api/api-error';
import type { ClusterContext } from '../context';
import { isManaged } from '../labels';

/** A namespace gets its service account a moment after it was made, and takes no pod before that. */
const NO_ACCOUNT_YET = /service ?account .*not found/i;
const ACCOUNT_ATTEMPTS = 50;
const ACCOUNT_PAUSE_MS = 100;

/** Makes a pod, and puts it in the book. Rejects with what the API server says. */
export async function createPod({ api, pods }: ClusterContext, namespace: string, manifest: V1Pod): Promise<V1Pod> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const pod = await api.pods.create(namespace, manifest);
      pods.note(pod);
      return pod;
    } catch (error) {
      const isEarly = error instanceof ApiFailure && error.status === 403 && NO_ACCOUNT_YET.test(error.message);
      if (!isEarly || attempt === ACCOUNT_ATTEMPTS) throw error;
      await pause(ACCOUNT_PAUSE_MS);
    }
  }
}

/** Asks for the end of just this pod, whatever has taken its name meanwhile; does not wait for it. */
export async function removePod({ api }: ClusterContext, { metadata }: V1Pod, graceSeconds: number): Promise<void> {
  const { namespace = '', name = '', uid = '' } = metadata ?? {};
  await api.pods.delete({ namespace, name, uid, graceSeconds });
}

/** The build that a pod of ours runs; null for a stranger's pod. */
export function buildOf(pod: V1Pod): number | null {
  const build = Number(pod.metadata?.labels?.['perennial/build']);
  return isManaged(pod) && Number.isInteger(build) ? build : null;
}

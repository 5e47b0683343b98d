import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { ApiFailure } from '../api/api-error';
import type { ClusterContext } from '../context';
import { isManaged } from '../labels';

/** A new namespace gets its service account a moment later, and accepts no pod before. */
const NO_ACCOUNT_YET = /service ?account .*not found/i;
const ACCOUNT_ATTEMPTS = 50;
const ACCOUNT_RETRY_MS = 100;

/** Creates a pod, and stores it in the informer. Rejects with `ApiFailure`. */
export async function createPod({ api, pods }: ClusterContext, namespace: string, manifest: V1Pod): Promise<V1Pod> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const pod = await api.pods.create(namespace, manifest);
      pods.note(pod);
      return pod;
    } catch (error) {
      const isEarly = error instanceof ApiFailure && error.status === 403 && NO_ACCOUNT_YET.test(error.message);
      if (!isEarly || attempt === ACCOUNT_ATTEMPTS) throw error;
      await delay(ACCOUNT_RETRY_MS);
    }
  }
}

/** Deletes exactly this pod, by its uid, without waiting for its end. */
export async function removePod({ api }: ClusterContext, { metadata }: V1Pod, graceSeconds: number): Promise<void> {
  const { namespace = '', name = '', uid = '' } = metadata ?? {};
  await api.pods.delete({ namespace, name, uid, graceSeconds });
}

/** The build of a managed pod; null for any other pod. */
export function buildOf(pod: V1Pod): number | null {
  const build = Number(pod.metadata?.labels?.['perennial/build']);
  return isManaged(pod) && Number.isInteger(build) ? build : null;
}

import type { ClusterContext } from '../context';
import { epochMs } from '../pod/container-status';
import { removePod } from '../pod/create-delete';

/** Longer than any look into an image takes; its pod ends by itself before that. */
const FORGOTTEN_AFTER_MS = 40 * 60_000;

/** Removes the probe pods that a worker left behind when it died. One that may not be removed is tried again the next time. */
export async function removeForgottenProbes(cluster: ClusterContext): Promise<void> {
  for (const pod of cluster.pods.probes()) {
    const { creationTimestamp, deletionTimestamp } = pod.metadata ?? {};
    const ageMs = Date.now() - (epochMs(creationTimestamp) ?? Date.now());
    if (ageMs > FORGOTTEN_AFTER_MS && deletionTimestamp === undefined) await removePod(cluster, pod, 0).catch(() => undefined);
  }
}

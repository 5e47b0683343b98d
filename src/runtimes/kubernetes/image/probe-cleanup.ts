import type { ClusterContext } from '../context';
import { epochMs } from '../pod/container-status';
import { removePod } from '../pod/create-delete';

/** Longer than any inspection takes; the deadline of a probe pod is shorter. */
const FORGOTTEN_AFTER_MS = 40 * 60_000;

/** Removes the probe pods of workers that died. A removal that fails is retried by the next call. */
export async function removeForgottenProbes(cluster: ClusterContext): Promise<void> {
  for (const pod of cluster.pods.probes()) {
    const { creationTimestamp, deletionTimestamp } = pod.metadata ?? {};
    const ageMs = Date.now() - (epochMs(creationTimestamp) ?? Date.now());
    if (ageMs > FORGOTTEN_AFTER_MS && deletionTimestamp === undefined) await removePod(cluster, pod, 0).catch(() => undefined);
  }
}

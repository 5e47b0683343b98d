import type { Pod, PodSpec, Progress } from '../runtime';
import type { ClusterContext } from './context';
import { isInspected } from './image/choose';
import { ensureNamespace } from './namespace/ensure-namespace';
import { ensureCreated, raiseFence } from './pod/ensure-created';

/**
 * Creates the pod of a build without waiting for a node, a volume, or a registry. No pod is created of an image that was not inspected yet,
 * since the inspection pulls it.
 * @throws what `startPod` throws
 */
export async function beginPod(cluster: ClusterContext, spec: PodSpec, progress: Progress): Promise<Pod | null> {
  progress.signal.throwIfAborted();
  const claim = await raiseFence(cluster, spec);
  await ensureNamespace(cluster, spec.organization, spec.podSecurity);
  if (isInspected(cluster, spec)) await ensureCreated(cluster, { spec, claim, progress });
  return null;
}

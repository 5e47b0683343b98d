import type { Pod, PodSpec, Progress } from '../runtime';
import type { ClusterContext } from './context';
import { chooseImage } from './image/choose';
import { podName } from './object-names';
import { buildOf } from './pod/create-delete';
import { startPod } from './start-pod';

/**
 * Waits until the pod that `beginPod` created runs. Where there is none, its image is inspected, and null asks for another `beginPod`: it
 * holds a slot, so that the first builds of an image in the morning do not all create their pods when the inspection ends.
 * @throws what `startPod` throws
 */
export async function awaitPod(cluster: ClusterContext, spec: PodSpec, progress: Progress): Promise<Pod | null> {
  progress.signal.throwIfAborted();
  const pod = await cluster.api.pods.read({ namespace: cluster.namespaceOf(spec.organization), name: podName(spec.id) });
  if (pod !== null && buildOf(pod) === spec.build) return startPod(cluster, spec, progress);
  await chooseImage(cluster, spec, progress);
  return null;
}

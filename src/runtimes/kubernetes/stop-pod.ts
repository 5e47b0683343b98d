import { raiseForStop } from '../fence';
import type { PodRef, Progress } from '../runtime';
import type { ClusterContext } from './context';
import { amendClaim, amendFence, fenceOf, isHome } from './home/claim';
import { podName } from './object-names';
import { buildOf, removePod } from './pod/create-delete';
import { untilGone } from './pod/wait';

const GRACE_SECONDS = 15;

/** Removes the pod of this build or an older one. The fence is raised first, so that no late start creates one again. */
export async function stopPod(cluster: ClusterContext, ref: PodRef, progress: Progress): Promise<void> {
  progress.signal.throwIfAborted();
  await amendClaim(cluster, ref, (claim) => (isHome(claim) ? amendFence(claim, raiseForStop(fenceOf(claim), ref.build)) : null));
  const namespace = cluster.namespaceOf(ref.organization);
  const pod = await cluster.api.pods.read({ namespace, name: podName(ref.id) });
  progress.signal.throwIfAborted();
  const build = pod && buildOf(pod);
  if (pod !== null && build !== null && build <= ref.build) {
    if (pod.metadata?.deletionTimestamp === undefined) await removePod(cluster, pod, GRACE_SECONDS);
    await untilGone(cluster, pod, progress);
  }
  cluster.pods.forget(ref.id, ref.build);
}

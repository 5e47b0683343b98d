import { raiseForStop } from '../fence';
import type { PodRef, Progress } from '../runtime';
import type { Ground } from './context';
import { amendClaim, amendFence, fenceOf, isHome } from './home/claim';
import { podName } from './object-names';
import { buildOf, removePod } from './pod/create-delete';
import { untilGone } from './pod/wait';

const GRACE_SECONDS = 15;

/** Removes the pod of this build or an older one, after raising the fence, so that no late start makes one again. */
export async function stopPod(ground: Ground, ref: PodRef, progress: Progress): Promise<void> {
  progress.signal.throwIfAborted();
  await amendClaim(ground, ref, (claim) => (isHome(claim) ? amendFence(claim, raiseForStop(fenceOf(claim), ref.build)) : null));
  const namespace = ground.namespaceOf(ref.organization);
  const pod = await ground.api.pods.read({ namespace, name: podName(ref.id) });
  progress.signal.throwIfAborted();
  const build = pod && buildOf(pod);
  if (pod !== null && build !== null && build <= ref.build) {
    if (pod.metadata?.deletionTimestamp === undefined) await removePod(ground, pod, GRACE_SECONDS);
    await untilGone(ground, pod, progress);
  }
  ground.pods.forget(ref.id, ref.build);
}

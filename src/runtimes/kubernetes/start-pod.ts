import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../failure';
import type { Pod, PodSpec, Progress } from '../runtime';
import type { ClusterContext } from './context';
import { amendClaim, SEEDED } from './home/claim';
import { chooseImage, forgetImage, isInspected } from './image/choose';
import { ensureNamespace } from './namespace/ensure-namespace';
import { podName } from './object-names';
import { removePod } from './pod/create-delete';
import { ensureCreated, raiseFence } from './pod/ensure-created';
import { describeStarted, isMadeFor } from './pod/manifest';
import { readPodState } from './pod/state';
import { untilGone, untilPod } from './pod/wait';

/** Pods of one name collide only while other attempts start and stop the same build. */
const MAX_COLLISIONS = 20;

/**
 * Makes sure that exactly this build's pod runs. The fixed name lets the API server refuse a second pod; the claim's fence holds which
 * builds may still be started.
 * @throws ImageNotFound, ImageInvalid, HomeMissing, StaleBuild, NotAllowed, NoCapacity, HomeBusy, RuntimeUnavailable
 */
export async function startPod(cluster: ClusterContext, spec: PodSpec, progress: Progress): Promise<Pod> {
  progress.signal.throwIfAborted();
  const claim = await raiseFence(cluster, spec);
  await ensureNamespace(cluster, spec.organization, spec.podSecurity);
  let wanted = spec;
  for (let collisions = 0; collisions < MAX_COLLISIONS; collisions += 1) {
    const pod = await ensureCreated(cluster, { spec: wanted, claim, progress });
    if (pod === null) continue;
    const end = await untilRunning(cluster, { pod, spec: wanted, progress });
    if ('started' in end) {
      await markSeeded(cluster, spec, claim, end.started);
      return end.started;
    }
    wanted = { ...spec, digest: end.recreateFrom };
  }
  throw new RuntimeFailure('RuntimeUnavailable', `pod ${podName(spec.id)} was removed by others ${MAX_COLLISIONS} times`);
}

interface Running {
  pod: V1Pod;
  spec: PodSpec;
  progress: Progress;
}

/**
 * Waits until the pod runs with the content that it was made for. Otherwise the pod is removed, and the answer is the digest to recreate it
 * from: the content differs from the inspected one, or its own digest can no longer be pulled.
 */
async function untilRunning(
  cluster: ClusterContext,
  { pod, spec, progress }: Running,
): Promise<{ started: Pod } | { recreateFrom: string }> {
  try {
    const isWanted = (current: V1Pod) => (readPodState(current).state === 'running' ? current : undefined);
    const running = await untilPod(cluster, { pod, progress, isWanted });
    const recreateFrom = await findMismatch(cluster, { pod: running, spec, progress });
    if (recreateFrom === null) return { started: describeStarted(running) };
    await discard(cluster, pod, progress);
    return { recreateFrom };
  } catch (error) {
    // A pod that can never run is removed at once; other pods stay for the next attempt.
    if (!(error instanceof RuntimeFailure) || !NEVER_RUNS.includes(error.type)) throw error;
    const wasInspected = isInspected(cluster, spec);
    forgetImage(cluster, spec);
    await discard(cluster, pod, progress);
    // The digest existed when it was inspected; the next attempt finds it gone and takes the tag's current content.
    if (error.type === 'ImageNotFound' && spec.digest !== null && wasInspected) return { recreateFrom: spec.digest };
    throw error;
  }
}

const NEVER_RUNS = ['ImageNotFound', 'ImageInvalid', 'HomeMissing'];

async function discard(cluster: ClusterContext, pod: V1Pod, progress: Progress): Promise<void> {
  await removePod(cluster, pod, 0);
  await untilGone(cluster, pod, progress);
}

/**
 * Compares the content that runs with the inspected one. They differ when the tag was moved, or when this node (to which the home may be
 * bound) holds an older content of the tag. Then the content that runs is inspected, and is accepted with the same user, home, and shell.
 */
async function findMismatch(cluster: ClusterContext, { pod, spec, progress }: Running): Promise<string | null> {
  const { digest } = describeStarted(pod);
  const expected = (await chooseImage(cluster, spec, progress)).facts.digest;
  if (expected === null || digest === '' || expected === digest) return null;
  cluster.images.forget(spec.image);
  const { facts } = await chooseImage(cluster, { ...spec, digest }, progress);
  // A digest that can no longer be pulled gives way to the tag's current content.
  if (facts.digest !== digest) return facts.digest;
  return isMadeFor(pod, facts) ? null : digest;
}

async function markSeeded(cluster: ClusterContext, spec: PodSpec, claim: V1PersistentVolumeClaim, { uid }: Pod): Promise<void> {
  if (claim.metadata?.annotations?.[SEEDED] !== undefined) return;
  await amendClaim(cluster, spec, () => ({ annotations: { [SEEDED]: String(uid) } }));
}

import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../../failure';
import { raiseForStart } from '../../fence';
import type { PodSpec, Progress } from '../../runtime';
import { ApiFailure } from '../api/api-error';
import type { ClusterContext } from '../context';
import { amendClaim, amendFence, fenceOf, readClaim, SEEDED } from '../home/claim';
import { recogniseHome } from '../home/recognise';
import { chooseImage } from '../image/choose';
import type { ImageFacts } from '../image/image-facts';
import { podName } from '../object-names';
import { buildOf, createPod, removePod } from './create-delete';
import { podManifest } from './manifest';
import { readPodState } from './state';
import { untilGone } from './wait';

const GRACE_SECONDS = 15;

/** What a build's pod is created from. */
export interface PodCreation {
  spec: PodSpec;
  /** The claim of the home, after its fence was raised. */
  claim: V1PersistentVolumeClaim;
  progress: Progress;
}

/**
 * Raises the claim's fence to this build, and returns the claim.
 * @throws StaleBuild when a newer build, or the end of this one, was recorded; HomeMissing
 */
export async function raiseFence(cluster: ClusterContext, spec: PodSpec): Promise<V1PersistentVolumeClaim> {
  const home = { id: spec.id, identity: spec.home };
  const amended = await amendClaim(cluster, spec, (claim) =>
    amendFence(recogniseHome(claim, home), raiseForStart(fenceOf(claim), spec)),
  );
  return recogniseHome(amended, home);
}

/**
 * The pod of this build, found or created; an older or dead one is removed first. Null when another attempt created or removed the pod
 * in the meantime.
 * @throws StaleBuild when the build was ended in the meantime; then the pod is removed again
 */
export async function ensureCreated(cluster: ClusterContext, creation: PodCreation): Promise<V1Pod | null> {
  const { spec, progress } = creation;
  const pod = (await findLivePod(cluster, spec, progress)) ?? (await createBuildPod(cluster, creation));
  if (pod !== null) await checkFence(cluster, spec, pod);
  return pod;
}

/** The live pod of this build; null once an older or dead one is gone. */
async function findLivePod(cluster: ClusterContext, spec: PodSpec, progress: Progress): Promise<V1Pod | null> {
  const name = podName(spec.id);
  const pod = await cluster.api.pods.read({ namespace: cluster.namespaceOf(spec.organization), name });
  progress.signal.throwIfAborted();
  if (pod === null) return null;
  const build = buildOf(pod);
  if (build === null) throw new RuntimeFailure('NotAllowed', `pod ${name} exists, and is not managed by Perennial`);
  cluster.pods.note(pod);
  if (build > spec.build) raiseForStart({ seen: build, ended: 0 }, spec);
  if (build === spec.build && readPodState(pod).state !== 'ended') return pod;
  // While the old pod still runs, so that an image that cannot be inspected interrupts no work.
  if (readPodState(pod).state !== 'ended') await chooseImage(cluster, spec, progress);
  await removePod(cluster, pod, GRACE_SECONDS);
  // The watch would report its end as a loss, which costs the workspace a task. Of this build another attempt may have made a pod.
  if (build < spec.build) cluster.pods.forget(spec.id, build);
  await untilGone(cluster, pod, progress);
  return null;
}

/** Null when another attempt was first. */
async function createBuildPod(cluster: ClusterContext, { spec, claim, progress }: PodCreation): Promise<V1Pod | null> {
  const { organization, id } = spec;
  const { reference, facts, warnings } = await chooseImage(cluster, spec, progress);
  const owner = claim.metadata?.annotations?.[SEEDED];
  checkOwner({ owner, facts, image: spec.image, id });
  progress.signal.throwIfAborted();
  const manifest = podManifest({
    spec,
    image: reference,
    facts,
    isNew: owner === undefined,
    warnings: [...warnings, ...cluster.network.warnings()],
    settings: cluster.settings,
  });
  const namespace = cluster.namespaceOf(organization);
  try {
    return await createPod(cluster, namespace, manifest);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (error.status === 409) return null;
    // A full quota is reported before a name that is taken.
    if (error.status === 403 && (await cluster.api.pods.read({ namespace, name: podName(id) })) !== null) return null;
    throw error;
  }
}

function checkOwner(input: { owner: string | undefined; facts: ImageFacts; image: string; id: string }): void {
  const { owner, facts, image, id } = input;
  if (owner === undefined || Number(owner) === facts.uid) return;
  throw new RuntimeFailure(
    'ImageInvalid',
    `image ${image} runs as user ${facts.user} with uid ${facts.uid}, and the files of home ${id} belong to uid ${owner}`,
  );
}

/**
 * Reads the fence again after the pod exists: a stop of this build between the first reading and the creation has found no pod to
 * remove. A pod that was found is checked too, since an earlier attempt may have created it just now.
 */
async function checkFence(cluster: ClusterContext, spec: PodSpec, pod: V1Pod): Promise<void> {
  const claim = await readClaim(cluster, spec);
  try {
    raiseForStart(fenceOf(recogniseHome(claim, { id: spec.id, identity: spec.home })), spec);
  } catch (error) {
    await removePod(cluster, pod, GRACE_SECONDS);
    throw error;
  }
}

import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../failure';
import { raiseForStart } from '../fence';
import type { Pod, PodSpec, Progress } from '../runtime';
import { ApiFailure } from './api/api-error';
import type { Ground } from './context';
import { amendClaim, amendFence, fenceOf, readClaim, SEEDED } from './home/claim';
import type { ImageFacts } from './image/image-facts';
import { probeImage } from './image/probe-pod';
import { ensureNamespace } from './namespace/ensure-namespace';
import { podName } from './object-names';
import { buildOf, createPod, removePod } from './pod/create-delete';
import { describeStarted, digestOf, isMadeFor, podManifest } from './pod/manifest';
import { readPodState } from './pod/state';
import { untilGone, untilPod } from './pod/wait';
import { recogniseHome } from './prepare-home';

const GRACE_SECONDS = 15;
/** Pods of one name can only get in each other's way while others start and stop the same build. */
const MAX_COLLISIONS = 20;

/**
 * Makes sure that exactly this build's pod runs. The API server lets no second pod of the name be; the claim's fence says which
 * builds may still be started.
 * @throws ImageNotFound, ImageInvalid, HomeMissing, StaleBuild, NotAllowed, NoCapacity, HomeBusy, RuntimeUnavailable
 */
export async function startPod(ground: Ground, spec: PodSpec, progress: Progress): Promise<Pod> {
  progress.signal.throwIfAborted();
  const claim = await raiseFence(ground, spec);
  await ensureNamespace(ground, spec.organization, spec.podSecurity);
  let wanted = spec;
  for (let collisions = 0; collisions < MAX_COLLISIONS; collisions += 1) {
    const pod = (await findOwn(ground, wanted, progress)) ?? (await makePod(ground, { spec: wanted, claim, progress }));
    if (pod === null) continue;
    await checkFence(ground, spec, pod);
    const end = await untilRunning(ground, { pod, spec: wanted, progress });
    if ('started' in end) {
      await markSeeded(ground, spec, claim, end.started);
      return end.started;
    }
    wanted = { ...spec, digest: end.remakeFrom };
  }
  throw new RuntimeFailure('RuntimeUnavailable', `pod ${podName(spec.id)} was removed by others again and again`);
}

/**
 * The same as far as it takes no waiting for a node, a volume, or a registry. Of an image that nobody has looked into yet no pod is
 * made, since the look is a pull.
 */
export async function beginPod(ground: Ground, spec: PodSpec, progress: Progress): Promise<Pod | null> {
  progress.signal.throwIfAborted();
  const claim = await raiseFence(ground, spec);
  await ensureNamespace(ground, spec.organization, spec.podSecurity);
  if (!isLookedInto(ground, spec)) return null;
  const pod = (await findOwn(ground, spec, progress)) ?? (await makePod(ground, { spec, claim, progress }));
  if (pod === null) return null;
  await checkFence(ground, spec, pod);
  return null;
}

/**
 * Waits until the pod that was begun runs. Where there is none its image is looked into, and null says that it can be begun now: a
 * morning's first builds of an image would all make their pods at once when the look is over.
 */
export async function awaitPod(ground: Ground, spec: PodSpec, progress: Progress): Promise<Pod | null> {
  progress.signal.throwIfAborted();
  const pod = await ground.api.pods.read({ namespace: ground.namespaceOf(spec.organization), name: podName(spec.id) });
  if (pod !== null && buildOf(pod) === spec.build) return startPod(ground, spec, progress);
  await chooseImage(ground, spec, progress);
  return null;
}

async function raiseFence(ground: Ground, spec: PodSpec): Promise<V1PersistentVolumeClaim> {
  const home = { id: spec.id, identity: spec.home };
  const amended = await amendClaim(ground, spec, (claim) =>
    amendFence(recogniseHome(claim, home), raiseForStart(fenceOf(claim), spec)),
  );
  return recogniseHome(amended, home);
}

/** The living pod of this build; an older one, or a dead one, is removed first. */
async function findOwn(ground: Ground, spec: PodSpec, progress: Progress): Promise<V1Pod | null> {
  const name = podName(spec.id);
  const pod = await ground.api.pods.read({ namespace: ground.namespaceOf(spec.organization), name });
  progress.signal.throwIfAborted();
  if (pod === null) return null;
  const build = buildOf(pod);
  if (build === null) throw new RuntimeFailure('NotAllowed', `pod ${name} is there, and it is not one of ours`);
  ground.pods.note(pod);
  if (build > spec.build) raiseForStart({ seen: build, ended: 0 }, spec);
  if (build === spec.build && readPodState(pod).state !== 'ended') return pod;
  // While the old pod still runs, so that an image that cannot be looked into costs nobody anything.
  if (readPodState(pod).state !== 'ended') await chooseImage(ground, spec, progress);
  await removePod(ground, pod, GRACE_SECONDS);
  await untilGone(ground, pod, progress);
  return null;
}

interface Making {
  spec: PodSpec;
  claim: V1PersistentVolumeClaim;
  progress: Progress;
}

/** Null when another attempt was quicker. */
async function makePod(ground: Ground, { spec, claim, progress }: Making): Promise<V1Pod | null> {
  const { organization, id } = spec;
  const { image, facts, warnings } = await chooseImage(ground, spec, progress);
  const owner = claim.metadata?.annotations?.[SEEDED];
  checkOwner({ owner, facts, image: spec.image, id });
  progress.signal.throwIfAborted();
  const manifest = podManifest({
    spec,
    image,
    facts,
    isNew: owner === undefined,
    warnings: [...warnings, ...ground.network.warnings()],
    settings: ground.settings,
  });
  const namespace = ground.namespaceOf(organization);
  try {
    return await createPod(ground, namespace, manifest);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (error.status === 409) return null;
    // A full quota is said before it is said that the name is taken.
    if (error.status === 403 && (await ground.api.pods.read({ namespace, name: podName(id) })) !== null) return null;
    throw error;
  }
}

/**
 * The build may have been ended between the look at the fence and the making of the pod, and its stop have found no pod yet. That
 * holds for a pod that was found too: an earlier attempt, or one whose answer was lost, may just have made it.
 */
async function checkFence(ground: Ground, spec: PodSpec, pod: V1Pod): Promise<void> {
  const claim = await readClaim(ground, spec);
  try {
    raiseForStart(fenceOf(recogniseHome(claim, { id: spec.id, identity: spec.home })), spec);
  } catch (error) {
    await removePod(ground, pod, GRACE_SECONDS);
    throw error;
  }
}

interface Choice {
  image: string;
  facts: ImageFacts;
  warnings: string[];
}

/** The digest that ran before, where it can still be had; else what the reference stands for now. */
async function chooseImage(ground: Ground, spec: PodSpec, progress: Progress): Promise<Choice> {
  const { organization, image, digest } = spec;
  const find = (reference: string) => {
    const looked = { reference, organization };
    return ground.images.find(looked, progress, () => probeImage(ground, looked, progress));
  };
  if (digest === null) return { image, facts: await find(image), warnings: [] };
  const pinned = pinnedTo(image, digest);
  try {
    if (!isGone(ground, pinned)) return { image: pinned, facts: await find(pinned), warnings: [] };
  } catch (error) {
    if (!(error instanceof RuntimeFailure) || error.type !== 'ImageNotFound') throw error;
  }
  const warning = `${digest} of ${image}, which ran before, can no longer be had; the image of now was taken`;
  return { image, facts: await find(image), warnings: [warning] };
}

/** Whether all is known that the choice of the image needs. */
function isLookedInto(ground: Ground, { image, digest }: PodSpec): boolean {
  const pinned = digest === null ? null : pinnedTo(image, digest);
  return ground.images.knows(pinned === null || isGone(ground, pinned) ? image : pinned);
}

const isGone = ({ images }: Ground, pinned: string): boolean => digestOf(pinned) === null || images.isGone(pinned);

const pinnedTo = (image: string, digest: string): string => `${repositoryOf(image)}@${digest}`;
const repositoryOf = (reference: string): string => (reference.split('@')[0] ?? '').replace(/:[^:/]*$/, '');

function checkOwner(given: { owner: string | undefined; facts: ImageFacts; image: string; id: string }): void {
  const { owner, facts, image, id } = given;
  if (owner === undefined || Number(owner) === facts.uid) return;
  throw new RuntimeFailure(
    'ImageInvalid',
    `image ${image} runs as user ${facts.user} with uid ${facts.uid}, and the files of home ${id} belong to uid ${owner}`,
  );
}

interface Running {
  pod: V1Pod;
  spec: PodSpec;
  progress: Progress;
}

/** Or the digest to make it anew from when it was removed again: it was made for another content, or its own is nowhere any more. */
async function untilRunning(
  ground: Ground,
  { pod, spec, progress }: Running,
): Promise<{ started: Pod } | { remakeFrom: string }> {
  try {
    const isWanted = (current: V1Pod) => (readPodState(current).state === 'running' ? current : undefined);
    const running = await untilPod(ground, { pod, progress, isWanted });
    const remakeFrom = await findMismatch(ground, { pod: running, spec, progress });
    if (remakeFrom === null) return { started: describeStarted(running) };
    await discard(ground, pod, progress);
    return { remakeFrom };
  } catch (error) {
    // What can never run is taken away at once; what may run yet keeps its place.
    if (!(error instanceof RuntimeFailure) || !NEVER_RUNS.includes(error.type)) throw error;
    const wasKnown = isLookedInto(ground, spec);
    ground.images.forget(spec.image);
    if (spec.digest !== null) ground.images.forget(pinnedTo(spec.image, spec.digest));
    await discard(ground, pod, progress);
    // It was there once, and is looked for anew: what ran before gives way to what the tag stands for now.
    if (error.type === 'ImageNotFound' && spec.digest !== null && wasKnown) return { remakeFrom: spec.digest };
    throw error;
  }
}

const NEVER_RUNS = ['ImageNotFound', 'ImageInvalid', 'HomeMissing'];

async function discard(ground: Ground, pod: V1Pod, progress: Progress): Promise<void> {
  await removePod(ground, pod, 0);
  await untilGone(ground, pod, progress);
}

/**
 * The content that runs may be another than the one looked into: the tag was moved, or this node has had another under it all along,
 * and the home may be bound to this node. Then what runs is looked into, and is right where it has the same user, home, and shell.
 */
async function findMismatch(ground: Ground, { pod, spec, progress }: Running): Promise<string | null> {
  const { digest } = describeStarted(pod);
  const expected = (await chooseImage(ground, spec, progress)).facts.digest;
  if (expected === null || digest === '' || expected === digest) return null;
  ground.images.forget(spec.image);
  const { facts } = await chooseImage(ground, { ...spec, digest }, progress);
  // What can no longer be had by its digest gives way to what the tag stands for now.
  if (facts.digest !== digest) return facts.digest;
  return isMadeFor(pod, facts) ? null : digest;
}

async function markSeeded(ground: Ground, spec: PodSpec, claim: V1PersistentVolumeClaim, { uid }: Pod): Promise<void> {
  if (claim.metadata?.annotations?.[SEEDED] !== undefined) return;
  await amendClaim(ground, spec, () => ({ annotations: { [SEEDED]: String(uid) } }));
}

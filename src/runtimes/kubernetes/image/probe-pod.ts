import type { V1Pod } from '@kubernetes/client-node';
import { TEMPORARY_TYPES } from '../../../contract/failure-types';
import { RuntimeFailure } from '../../failure';
import type { Progress } from '../../runtime';
import { cutEnd } from '../../text';
import { ApiFailure } from '../api/api-error';
import type { ClusterContext } from '../context';
import { runCommand } from '../exec-channel/run-command';
import { isManaged } from '../labels';
import { containersOf, MAIN_CONTAINER, USERS_CONTAINER } from '../pod/container-status';
import { createPod, removePod } from '../pod/create-delete';
import { digestOf, probeManifest } from '../pod/manifest';
import { readPodState } from '../pod/state';
import { untilGone, untilPod } from '../pod/wait';
import type { ImageFacts } from './image-facts';
import { READ_USER, readFacts } from './image-facts';

const MAX_PROBES = 5;
const LONGEST_NAME = 100;
/** The failures of a probe whose pod another worker, inspecting the same image, has removed. */
const REMOVED_BY_OTHERS = ['RuntimeUnavailable', 'PodLost'];

/**
 * Inspects an image with a small pod without a home, which is removed again.
 * @throws ImageNotFound, ImageInvalid, NotAllowed, NoCapacity, RuntimeUnavailable
 */
export async function probeImage(
  cluster: ClusterContext,
  { reference, organization }: { reference: string; organization: string },
  progress: Progress,
): Promise<ImageFacts> {
  const namespace = cluster.namespaceOf(organization);
  progress.waitingFor(`the inspection of image ${reference}`);
  for (let probes = 1; ; probes += 1) {
    const pod = await openProbe(cluster, { namespace, reference, progress });
    try {
      const seen = await untilPod(cluster, { pod, progress, isWanted: readReadiness });
      const facts = await readProbe(cluster, { pod: seen, reference, signal: progress.signal });
      await discard(cluster, pod);
      return facts;
    } catch (error) {
      const isShared = error instanceof RuntimeFailure && REMOVED_BY_OTHERS.includes(error.type) && probes < MAX_PROBES;
      if (isShared && !(await isThere(cluster, pod))) continue;
      // The pull may be half done, and goes on until the next attempt.
      if (!isTemporary(error)) await discard(cluster, pod);
      throw error;
    }
  }
}

/** Failures are ignored: a probe pod that stays ends at its deadline, and is removed later. */
async function discard(cluster: ClusterContext, pod: V1Pod): Promise<void> {
  await removePod(cluster, pod, 0).catch(() => undefined);
}

const isTemporary = (error: unknown): boolean =>
  error instanceof RuntimeFailure && (TEMPORARY_TYPES as readonly string[]).includes(error.type);

/** Creates the probe pod, or finds that of another worker or of an earlier attempt. */
async function openProbe(
  cluster: ClusterContext,
  { namespace, reference, progress }: { namespace: string; reference: string; progress: Progress },
): Promise<V1Pod> {
  const manifest = probeManifest(reference, cluster.settings);
  try {
    return await createPod(cluster, namespace, manifest);
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 409) throw error;
    const found = await cluster.api.pods.read({ namespace, name: manifest.metadata?.name ?? '' });
    if (found === null) return openProbe(cluster, { namespace, reference, progress });
    if (!isManaged(found)) {
      throw new RuntimeFailure('NotAllowed', `pod ${found.metadata?.name} exists, and is not managed by Perennial`);
    }
    cluster.pods.note(found);
    if (readPodState(found).state !== 'ended') return found;
    await discard(cluster, found);
    await untilGone(cluster, found, progress);
    return openProbe(cluster, { namespace, reference, progress });
  }
}

/** The pod once both containers run, or the main one was refused. */
function readReadiness(pod: V1Pod): V1Pod | undefined {
  const isReady = isRunning(pod, USERS_CONTAINER) && (isRunning(pod, MAIN_CONTAINER) || refusal(pod) !== undefined);
  return isReady ? pod : undefined;
}

async function readProbe(
  cluster: ClusterContext,
  probe: { pod: V1Pod; reference: string; signal: AbortSignal },
): Promise<ImageFacts> {
  const { pod, reference, signal } = probe;
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const user = nameInRefusal(pod, reference);
  const container = user === null ? MAIN_CONTAINER : USERS_CONTAINER;
  const target = { socket: cluster.api.socket, namespace, pod: name, container };
  await cluster.network.probeFrom(target, signal);
  const { stdout, exitCode } = await runCommand(target, { argv: ['sh', '-c', READ_USER, 'sh', user ?? ''] }, signal);
  if (exitCode !== 0) throw new RuntimeFailure('ImageInvalid', `image ${reference} has no /etc/passwd that could be read`);
  // Injected containers have other images; a container that was refused for its user's name has no image id.
  const digest = [MAIN_CONTAINER, USERS_CONTAINER]
    .map((own) => digestOf(containersOf(pod).find(({ name: found }) => found === own)?.imageID))
    .find((found) => found !== null);
  return readFacts({ reference, answer: stdout, name: user, digest: digest ?? digestOf(reference) });
}

/** The user's name from a kubelet that cannot verify that it is not root; null when it did not refuse. */
function nameInRefusal(pod: V1Pod, reference: string): string | null {
  const message = refusal(pod);
  if (message === undefined) return null;
  const name = /image has non-numeric user \(([^)]+)\)/.exec(message)?.[1];
  if (name !== undefined && name.length <= LONGEST_NAME) return name;
  const why = /will run as root/.test(message)
    ? 'uid 0, and hooks never run as root'
    : `a user that cannot be determined: ${cutEnd(message, 2 * LONGEST_NAME)}`;
  throw new RuntimeFailure('ImageInvalid', `image ${reference} runs as ${why}`);
}

function refusal(pod: V1Pod): string | undefined {
  const waiting = stateOf(pod, MAIN_CONTAINER)?.waiting;
  return waiting?.reason === 'CreateContainerConfigError' ? (waiting.message ?? '') : undefined;
}

const isRunning = (pod: V1Pod, container: string) => stateOf(pod, container)?.running !== undefined;
const stateOf = (pod: V1Pod, container: string) => containersOf(pod).find(({ name }) => name === container)?.state;

async function isThere(cluster: ClusterContext, { metadata }: V1Pod): Promise<boolean> {
  const found = await cluster.api.pods.read({ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' });
  return found?.metadata?.uid === metadata?.uid && found?.metadata?.deletionTimestamp === undefined;
}

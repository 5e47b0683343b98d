import type { V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../failure';
import type { Progress } from '../runtime';
import { ApiFailure } from './api-failure';
import { createPod, removePod } from './pod-object';
import { runCommand } from './exec';
import type { Ground } from './ground';
import { type ImageFacts, readFacts } from './image-book';
import { isOurs } from './labels';
import { digestOf, probeManifest, USERS_CONTAINER } from './pod-manifest';
import { untilPod } from './pod-progress';
import { containersOf, MAIN_CONTAINER } from './pod-status';

const READ_USERS = 'echo "$(id -u) $(id -g)"; cat /etc/passwd';
const MAX_PROBES = 5;
/** What a probe fails with when another worker, which looks into the same image by the same pod, was quicker to remove it. */
const REMOVED_BY_OTHERS = ['RuntimeUnavailable', 'PodLost'];

/**
 * Looks into an image by a small pod without a home, which is removed again.
 * @throws ImageNotFound, ImageInvalid, NotAllowed, NoCapacity, RuntimeUnavailable
 */
export async function probeImage(
  ground: Ground,
  { reference, organization }: { reference: string; organization: string },
  progress: Progress,
): Promise<ImageFacts> {
  const namespace = ground.namespaceOf(organization);
  progress.waitingFor(`a look into image ${reference}`);
  for (let probes = 1; ; probes += 1) {
    const pod = await openProbe(ground, namespace, reference);
    try {
      const seen = await untilPod(ground, { pod, progress, isWanted: readReadiness });
      return await readProbe(ground, { pod: seen, reference, signal: progress.signal });
    } catch (error) {
      const isShared = error instanceof RuntimeFailure && REMOVED_BY_OTHERS.includes(error.type) && probes < MAX_PROBES;
      if (!isShared || (await isThere(ground, pod))) throw error;
    } finally {
      // An answer is one all the same; a probe that is left ends by itself, and is swept.
      await removePod(ground, pod, 0).catch(() => undefined);
    }
  }
}

async function openProbe(ground: Ground, namespace: string, reference: string): Promise<V1Pod> {
  const manifest = probeManifest(reference, ground.settings);
  try {
    return await createPod(ground, namespace, manifest);
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 409) throw error;
    const found = await ground.api.pods.read({ namespace, name: manifest.metadata?.name ?? '' });
    if (found === null) return openProbe(ground, namespace, reference);
    if (!isOurs(found)) {
      throw new RuntimeFailure('NotAllowed', `pod ${found.metadata?.name} is there, and it is not one of ours`);
    }
    ground.pods.note(found);
    return found;
  }
}

/** Both containers have come as far as they will. */
function readReadiness(pod: V1Pod): V1Pod | undefined {
  const isReady = isRunning(pod, USERS_CONTAINER) && (isRunning(pod, MAIN_CONTAINER) || refusal(pod) !== undefined);
  return isReady ? pod : undefined;
}

async function readProbe(ground: Ground, given: { pod: V1Pod; reference: string; signal: AbortSignal }): Promise<ImageFacts> {
  const { pod, reference, signal } = given;
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const user = nameInRefusal(pod, reference);
  const container = user === null ? MAIN_CONTAINER : USERS_CONTAINER;
  const at = { socket: ground.api.socket, namespace, pod: name, container };
  const { stdout, exitCode } = await runCommand(at, { argv: ['sh', '-c', READ_USERS] }, signal);
  if (exitCode !== 0) throw new RuntimeFailure('ImageInvalid', `image ${reference} has no /etc/passwd that could be read`);
  const digest = containersOf(pod)
    .map(({ imageID }) => digestOf(imageID))
    .find((found) => found !== null);
  return readFacts({ reference, answer: stdout, name: user, digest: digest ?? digestOf(reference) });
}

/** The kubelet names the user when it cannot tell whether it is root; null when it did not refuse. */
function nameInRefusal(pod: V1Pod, reference: string): string | null {
  const said = refusal(pod);
  if (said === undefined) return null;
  const name = /image has non-numeric user \(([^)]+)\)/.exec(said)?.[1];
  if (name !== undefined) return name;
  const why = /will run as root/.test(said) ? 'uid 0, and hooks never run as root' : `a user that cannot be told: ${said}`;
  throw new RuntimeFailure('ImageInvalid', `image ${reference} runs as ${why}`);
}

function refusal(pod: V1Pod): string | undefined {
  const waiting = stateOf(pod, MAIN_CONTAINER)?.waiting;
  return waiting?.reason === 'CreateContainerConfigError' ? (waiting.message ?? '') : undefined;
}

const isRunning = (pod: V1Pod, container: string) => stateOf(pod, container)?.running !== undefined;
const stateOf = (pod: V1Pod, container: string) => containersOf(pod).find(({ name }) => name === container)?.state;

async function isThere(ground: Ground, { metadata }: V1Pod): Promise<boolean> {
  const found = await ground.api.pods.read({ namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' });
  return found?.metadata?.uid === metadata?.uid && found?.metadata?.deletionTimestamp === undefined;
}

/**
 * What a rebuild comes to at the least: the same pod deleted and made again by plain calls, and one plain command each for as many bytes in
 * its memory as the secrets take, and for both hooks.
 */
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { timed } from '../report';
import type { PlainCluster } from './plain-cluster';
import { copyClaim, copyPod } from './pod-copy';
import { isGone, isReady, type PodSight } from './pod-sight';

const NAME = 'floor';
/** About what a token, an SSH key, and the programs that use them take. */
const SECRETS = Buffer.alloc(24 * 1024, 'secret\n');
const WRITE_SECRETS = [
  'sh',
  '-c',
  `umask 077; head -c ${SECRETS.length} >/run/perennial/floor.new && mv /run/perennial/floor.new /run/perennial/floor`,
];

/** Milliseconds, one part after the other. */
export interface FloorRound {
  totalMs: number;
  parts: { gone: number; ready: number; secrets: number; configure: number; personalize: number };
}

export interface Model {
  /** Of the first build, which seeds the home. */
  first: V1Pod;
  /** Of a later one. */
  later: V1Pod;
  claim: V1PersistentVolumeClaim;
  /** What makes `~/personalize`, in the home. */
  preparation: string;
}

/** Makes a home, has it seeded and prepared, and leaves a pod running on it. Returns what does one round. */
export async function prepareFloor(
  given: { plain: PlainCluster; sight: PodSight; namespace: string },
  model: Model,
): Promise<() => Promise<FloorRound>> {
  const { plain, sight, namespace } = given;
  const { core } = plain;
  const at = { namespace, name: NAME };
  const start = async (pod: V1Pod) => {
    await core.createNamespacedPod({ namespace, body: copyPod(pod, { name: NAME, claimName: NAME }) });
    await sight.until(NAME, isReady);
  };
  const end = async () => {
    const gone = sight.until(NAME, isGone);
    await core.deleteNamespacedPod(at);
    await gone;
  };
  await core.createNamespacedPersistentVolumeClaim({ namespace, body: copyClaim(model.claim, NAME) });
  await start(model.first);
  await plain.exec(at, ['sh', '-c', model.preparation]);
  return async () => {
    const parts = {
      gone: await timed(end),
      ready: await timed(() => start(model.later)),
      secrets: await timed(() => plain.exec(at, WRITE_SECRETS, SECRETS)),
      configure: await timed(() => plain.exec(at, ['/coder/configure'])),
      personalize: await timed(() => plain.exec(at, ['./personalize'])),
    };
    return { totalMs: Object.values(parts).reduce((sum, ms) => sum + ms, 0), parts };
  };
}

import { setTimeout as pause } from 'node:timers/promises';
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { quantity } from '../../contract/quantity';
import { RuntimeFailure } from '../failure';
import type { HomeRef, HomeSpec, Progress } from '../runtime';
import { ApiFailure } from './api/api-error';
import type { Ground } from './context';
import { amendClaim, DISK, describeHome, isHome, readClaim } from './home/claim';
import { INSTALLATION, isOfInstallation, labelsOf } from './labels';
import { ensureNamespace } from './namespace/ensure-namespace';
import { claimName, podName } from './object-names';

const DELETION_PATIENCE_MS = 10_000;
const DELETION_PAUSE_MS = 100;

/**
 * Makes the claim of a home, or recognises it by its uid. It is made by POST alone, so that none is ever written over, and its
 * volume comes with the first pod.
 * @throws HomeMissing, NotAllowed, NoCapacity, RuntimeUnavailable
 */
export async function prepareHome(ground: Ground, spec: HomeSpec, progress: Progress): Promise<{ identity: string }> {
  progress.signal.throwIfAborted();
  await ensureNamespace(ground, spec.organization, null);
  progress.signal.throwIfAborted();
  const found = (await readClaim(ground, spec)) ?? (await makeClaim(ground, spec));
  const claim = recogniseHome(found, spec);
  const { owner } = describeHome(claim);
  if (owner !== spec.owner) {
    throw new RuntimeFailure('NotAllowed', `home ${spec.id} belongs to ${owner}, and ${spec.owner} asked for it`);
  }
  if (!isOfInstallation(claim, ground.settings.installation)) throw new RuntimeFailure('NotAllowed', explainStranger(spec.id));
  await growHome(ground, spec, await noteWishes(ground, spec, claim));
  return { identity: claim.metadata?.uid ?? '' };
}

/**
 * Makes sure that a claim is the recorded home, `identity: null` being any of ours.
 * @throws HomeMissing when it is gone or going, has lost its volume, or is a stranger
 */
export function recogniseHome(claim: V1PersistentVolumeClaim | null, { id, identity }: Omit<HomeRef, 'organization'>) {
  const missing = (why: string) => new RuntimeFailure('HomeMissing', `home ${id} is missing: ${why}`);
  if (claim === null) throw missing(`there is no claim ${claimName(id)}`);
  const { uid, deletionTimestamp } = claim.metadata ?? {};
  if (!isHome(claim)) throw missing(`the claim ${claimName(id)} is not one of ours`);
  if (identity !== null && identity !== uid) throw missing(`its claim was expected to be ${identity}, and is ${uid}`);
  if (deletionTimestamp !== undefined) throw missing('its claim is being deleted');
  if (claim.status?.phase === 'Lost') throw missing(`its claim has lost its volume ${claim.spec?.volumeName ?? ''}`);
  return claim;
}

/**
 * Removes a home for good.
 * @throws HomeBusy while a pod is there; HomeMissing when another claim is in its place
 */
export async function deleteHome(ground: Ground, home: HomeRef): Promise<void> {
  const claim = await readClaim(ground, home);
  if (claim === null) return;
  const { uid = '', deletionTimestamp } = claim.metadata ?? {};
  if (!isHome(claim) || (home.identity !== null && home.identity !== uid)) recogniseHome(claim, home);
  const namespace = ground.namespaceOf(home.organization);
  const pod = await ground.api.pods.read({ namespace, name: podName(home.id) });
  if (pod !== null) throw new RuntimeFailure('HomeBusy', `home ${home.id} is still mounted by pod ${podName(home.id)}`);
  if (deletionTimestamp === undefined) await ground.api.claims.delete({ namespace, name: claimName(home.id), uid });
  await untilDeleted(ground, home, uid);
}

/** The cluster keeps a claim for as long as anything may still have it mounted. */
async function untilDeleted(ground: Ground, home: HomeRef, uid: string): Promise<void> {
  const deadline = performance.now() + DELETION_PATIENCE_MS;
  while ((await readClaim(ground, home))?.metadata?.uid === uid) {
    if (performance.now() > deadline) throw new RuntimeFailure('HomeBusy', `the claim of home ${home.id} is still in use`);
    await pause(DELETION_PAUSE_MS);
  }
}

async function makeClaim(ground: Ground, spec: HomeSpec): Promise<V1PersistentVolumeClaim | null> {
  if (spec.identity !== null || spec.adopt) return null;
  const { storageClass, accessMode, installation } = ground.settings;
  const body = {
    accessModes: [accessMode],
    resources: { requests: { storage: spec.disk } },
    ...(storageClass === null ? {} : { storageClassName: storageClass }),
  };
  const metadata = { name: claimName(spec.id), labels: labelsOf(spec, { build: 0, spec: body, installation }) };
  try {
    return await ground.api.claims.create(ground.namespaceOf(spec.organization), { metadata, spec: body });
  } catch (error) {
    // Another attempt was quicker; a quota that is full hides that.
    const found =
      error instanceof ApiFailure && (error.status === 409 || error.status === 403) ? await readClaim(ground, spec) : null;
    if (found === null) throw error;
    return found;
  }
}

function explainStranger(id: string): string {
  const handOver = `kubectl label pvc ${claimName(id)} ${INSTALLATION}-`;
  return `home ${id} belongs to another Perennial on this cluster; if that one is no more, \`${handOver}\` hands it over`;
}

/** A home that was taken over carries the name of the workspace that has it now, and is ours. The size asked for is kept until it can be had. */
async function noteWishes(ground: Ground, spec: HomeSpec, claim: V1PersistentVolumeClaim): Promise<V1PersistentVolumeClaim> {
  const { installation } = ground.settings;
  const isKnown = (current: V1PersistentVolumeClaim) => {
    const { name, disk } = describeHome(current);
    const isMarked = installation === null || current.metadata?.labels?.[INSTALLATION] === installation;
    return name === spec.name && disk === spec.disk && isMarked;
  };
  if (isKnown(claim)) return claim;
  const mark = installation === null ? {} : { [INSTALLATION]: installation };
  const wishes = { labels: { 'perennial/name': spec.name, ...mark }, annotations: { [DISK]: spec.disk } };
  return (await amendClaim(ground, spec, (current) => (isKnown(current) ? null : wishes))) ?? claim;
}

/** Only a claim that has its volume can grow, and only where its class allows it; a home that cannot grow is still a home. */
async function growHome(ground: Ground, spec: HomeSpec, claim: V1PersistentVolumeClaim): Promise<void> {
  const size = claim.spec?.resources?.requests?.storage ?? '0';
  if (claim.status?.phase !== 'Bound' || quantity(size) >= quantity(spec.disk)) return;
  const at = { namespace: ground.namespaceOf(spec.organization), name: claimName(spec.id) };
  try {
    await ground.api.claims.merge(at, { spec: { resources: { requests: { storage: spec.disk } } } });
  } catch (error) {
    if (!(error instanceof ApiFailure) || (error.status !== 403 && error.status !== 422)) throw error;
  }
}

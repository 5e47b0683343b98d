import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeFailure } from '../failure';
import type { HomeRef } from '../runtime';
import type { ClusterContext } from './context';
import { isHome, readClaim } from './home/claim';
import { recogniseHome } from './home/recognise';
import { claimName, podName } from './object-names';

const DELETION_LIMIT_MS = 10_000;
const POLL_MS = 100;

/**
 * Deletes the claim of a home, and with it the volume.
 * @throws HomeBusy while a pod of the workspace exists; HomeMissing when another claim has its name
 */
export async function deleteHome(cluster: ClusterContext, home: HomeRef): Promise<void> {
  const claim = await readClaim(cluster, home);
  if (claim === null) return;
  const { uid = '', deletionTimestamp } = claim.metadata ?? {};
  if (!isHome(claim) || (home.identity !== null && home.identity !== uid)) recogniseHome(claim, home);
  const namespace = cluster.namespaceOf(home.organization);
  const pod = await cluster.api.pods.read({ namespace, name: podName(home.id) });
  if (pod !== null) throw new RuntimeFailure('HomeBusy', `home ${home.id} is still mounted by pod ${podName(home.id)}`);
  if (deletionTimestamp === undefined) await cluster.api.claims.delete({ namespace, name: claimName(home.id), uid });
  await untilDeleted(cluster, home, uid);
}

/** The cluster keeps a claim for as long as any pod may have it mounted. */
async function untilDeleted(cluster: ClusterContext, home: HomeRef, uid: string): Promise<void> {
  const deadline = performance.now() + DELETION_LIMIT_MS;
  while ((await readClaim(cluster, home))?.metadata?.uid === uid) {
    if (performance.now() > deadline) throw new RuntimeFailure('HomeBusy', `the claim of home ${home.id} is still in use`);
    await delay(POLL_MS);
  }
}

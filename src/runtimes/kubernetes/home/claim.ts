import { setTimeout as pause } from 'node:timers/promises';
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { parseQuantity } from '../../../contract/quantity';
import { RuntimeFailure } from '../../failure';
import type { Fence } from '../../fence';
import type { ListedHome } from '../../runtime';
import { ApiFailure } from '../api/api-error';
import type { ClusterContext } from '../context';
import { isManaged } from '../labels';
import { claimName } from '../object-names';

/** The highest build ended stands beside the label with the highest build seen. */
export const ENDED = 'perennial/ended';
/** The uid whose seeded home lies in the volume. */
export const SEEDED = 'perennial/seeded';
/** The size that was last asked for, which the volume may not have yet. */
export const DISK = 'perennial/disk';

const MAX_CONFLICTS = 20;
const PAUSE_AFTER_CONFLICT_MS = 25;

/** Where a claim is. */
export interface ClaimRef {
  id: string;
  organization: string;
}

/** The claim of a home as it is now; null when there is certainly none. */
export function readClaim(
  { api, namespaceOf }: ClusterContext,
  { id, organization }: ClaimRef,
): Promise<V1PersistentVolumeClaim | null> {
  return api.claims.read({ namespace: namespaceOf(organization), name: claimName(id) });
}

/** What a change of a claim's metadata sets; the rest stays. */
export interface Amendment {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/**
 * Changes a claim's metadata, if it is still as `amend` saw it; else asks again. Null when there is no claim.
 * @throws what `amend` throws; RuntimeUnavailable when others change it all the time
 */
export async function amendClaim(
  cluster: ClusterContext,
  place: ClaimRef,
  amend: (claim: V1PersistentVolumeClaim) => Amendment | null,
): Promise<V1PersistentVolumeClaim | null> {
  const at = { namespace: cluster.namespaceOf(place.organization), name: claimName(place.id) };
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const claim = await cluster.api.claims.read(at);
    const amendment = claim && amend(claim);
    if (claim === null || amendment === null) return claim;
    try {
      const { uid, resourceVersion } = claim.metadata ?? {};
      return await cluster.api.claims.merge(at, { metadata: { uid, resourceVersion, ...amendment } });
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 409) throw error;
      await pause(PAUSE_AFTER_CONFLICT_MS * Math.random() * (conflicts + 1));
    }
  }
  throw new RuntimeFailure('RuntimeUnavailable', `claim ${at.namespace}/${at.name} was changed by others again and again`);
}

/** The fence that a claim carries. */
export function fenceOf({ metadata }: V1PersistentVolumeClaim): Fence {
  return { seen: buildNumber(metadata?.labels?.['perennial/build']), ended: buildNumber(metadata?.annotations?.[ENDED]) };
}

/** Anybody who may edit the claim may have written anything there. */
const buildNumber = (text = ''): number => (/^\d{1,15}$/.test(text) ? Number(text) : 0);

/** The change that makes a claim carry a fence; null when it does already. */
export function amendFence(claim: V1PersistentVolumeClaim, { seen, ended }: Fence): Amendment | null {
  const known = fenceOf(claim);
  if (known.seen === seen && known.ended === ended) return null;
  return { labels: { 'perennial/build': String(seen) }, annotations: { [ENDED]: String(ended) } };
}

/** Whether a claim is a home of ours. */
export function isHome(claim: V1PersistentVolumeClaim): boolean {
  const { labels = {}, name = '' } = claim.metadata ?? {};
  return isManaged(claim) && name === claimName(labels['perennial/id'] ?? '');
}

/** A home as the runtime lists it. */
export function describeHome({ metadata, spec }: V1PersistentVolumeClaim): ListedHome {
  const label = (key: string) => metadata?.labels?.[`perennial/${key}`] ?? '';
  return {
    id: label('id'),
    owner: label('owner'),
    name: label('name'),
    organization: label('organization'),
    identity: metadata?.uid ?? '',
    createdAt: metadata?.creationTimestamp?.getTime() ?? 0,
    disk: diskOf(metadata?.annotations?.[DISK]) ?? spec?.resources?.requests?.storage ?? '0',
  };
}

/** Null where it is no quantity, whoever wrote it there. */
const diskOf = (text = ''): string | null => (parseQuantity(text) === null ? null : text);

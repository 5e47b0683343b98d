import { setTimeout as delay } from 'node:timers/promises';
import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { parseQuantity } from '../../../contract/quantity';
import { RuntimeFailure } from '../../failure';
import type { Fence } from '../../fence';
import type { ListedHome } from '../../runtime';
import { ApiFailure } from '../api/api-error';
import type { ClusterContext } from '../context';
import { isManaged } from '../labels';
import { claimName } from '../object-names';

/** The annotation with the highest build ended, beside the label with the highest build seen. */
export const ENDED = 'perennial/ended';
/** The annotation with the uid that owns the seeded home in the volume. */
export const SEEDED = 'perennial/seeded';
/** The annotation with the wanted size, which the volume may not have yet. */
export const DISK = 'perennial/disk';

const MAX_CONFLICTS = 20;
const DELAY_AFTER_CONFLICT_MS = 25;

/** The workspace whose home a claim is. */
export interface ClaimRef {
  id: string;
  organization: string;
}

/** The claim of a home; null when there is certainly none. */
export function readClaim(
  { api, namespaceOf }: ClusterContext,
  { id, organization }: ClaimRef,
): Promise<V1PersistentVolumeClaim | null> {
  return api.claims.read({ namespace: namespaceOf(organization), name: claimName(id) });
}

/** A change of a claim's metadata; keys that it does not have stay. */
export interface Amendment {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/**
 * Changes a claim's metadata with optimistic locking: after a conflict `amend` is called again with the new claim. Null when there is
 * no claim.
 * @throws what `amend` throws; RuntimeUnavailable after too many conflicts
 */
export async function amendClaim(
  cluster: ClusterContext,
  ref: ClaimRef,
  amend: (claim: V1PersistentVolumeClaim) => Amendment | null,
): Promise<V1PersistentVolumeClaim | null> {
  const at = { namespace: cluster.namespaceOf(ref.organization), name: claimName(ref.id) };
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
    const claim = await cluster.api.claims.read(at);
    const amendment = claim && amend(claim);
    if (claim === null || amendment === null) return claim;
    try {
      const { uid, resourceVersion } = claim.metadata ?? {};
      return await cluster.api.claims.merge(at, { metadata: { uid, resourceVersion, ...amendment } });
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 409) throw error;
      await delay(DELAY_AFTER_CONFLICT_MS * Math.random() * (conflicts + 1));
    }
  }
  throw new RuntimeFailure('RuntimeUnavailable', `claim ${at.namespace}/${at.name} was changed by others ${MAX_CONFLICTS} times`);
}

/** The fence that a claim carries. */
export function fenceOf({ metadata }: V1PersistentVolumeClaim): Fence {
  return { seen: buildNumber(metadata?.labels?.['perennial/build']), ended: buildNumber(metadata?.annotations?.[ENDED]) };
}

/** A user who may edit claims may have written any text. */
const buildNumber = (text = ''): number => (/^\d{1,15}$/.test(text) ? Number(text) : 0);

/** The change that writes a fence to a claim; null when the claim has it already. */
export function amendFence(claim: V1PersistentVolumeClaim, { seen, ended }: Fence): Amendment | null {
  const known = fenceOf(claim);
  if (known.seen === seen && known.ended === ended) return null;
  return { labels: { 'perennial/build': String(seen) }, annotations: { [ENDED]: String(ended) } };
}

/** Whether a claim is the home of a workspace. */
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

/** Null where the annotation is no quantity. */
const diskOf = (text = ''): string | null => (parseQuantity(text) === null ? null : text);

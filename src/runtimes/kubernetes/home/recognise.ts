import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { RuntimeFailure } from '../../failure';
import type { HomeRef } from '../../runtime';
import { claimName } from '../object-names';
import { isHome } from './claim';

/**
 * Makes sure that a claim is the recorded home; with `identity: null` any home of this workspace will do.
 * @throws HomeMissing when the claim is absent, being deleted, without its volume, or another one than recorded
 */
export function recogniseHome(claim: V1PersistentVolumeClaim | null, { id, identity }: Omit<HomeRef, 'organization'>) {
  const missing = (why: string) => new RuntimeFailure('HomeMissing', `home ${id} is missing: ${why}`);
  if (claim === null) throw missing(`there is no claim ${claimName(id)}`);
  const { uid, deletionTimestamp } = claim.metadata ?? {};
  if (!isHome(claim)) throw missing(`the claim ${claimName(id)} is not managed by Perennial`);
  if (identity !== null && identity !== uid) throw missing(`its claim was expected to be ${identity}, and is ${uid}`);
  if (deletionTimestamp !== undefined) throw missing('its claim is being deleted');
  if (claim.status?.phase === 'Lost') throw missing(`its claim has lost its volume ${claim.spec?.volumeName ?? ''}`);
  return claim;
}

import type { ListedHome } from '../runtime';
import { ApiFailure } from './api/api-error';
import type { Ground } from './context';
import { describeHome, isHome } from './home/claim';
import { isOfInstallation, OUR_LABELS } from './labels';

/** All homes of ours in these namespaces. One that is refused to us is passed over, and is no trouble for the others. */
export async function listHomes(
  { api, settings }: Ground,
  namespaces: string[],
  passOver: (place: string) => void,
): Promise<ListedHome[]> {
  const lists = await Promise.all(namespaces.map((namespace) => claimsIn(api, namespace, passOver)));
  const homes = lists.flat().filter(isHome);
  return homes.filter((claim) => isOfInstallation(claim, settings.installation)).map(describeHome);
}

async function claimsIn(api: Ground['api'], namespace: string, passOver: (place: string) => void) {
  try {
    return (await api.claims.list({ namespace, labels: OUR_LABELS })).items;
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return [];
    if (!(error instanceof ApiFailure) || error.status !== 403) throw error;
    passOver(`namespace ${namespace} (${error.message})`);
    return [];
  }
}

import type { ListedHome } from '../runtime';
import { ApiFailure } from './api/api-error';
import type { ClusterContext } from './context';
import { describeHome, isHome } from './home/claim';
import { isOfInstallation, MANAGED_SELECTOR } from './labels';

/** All homes in these namespaces. `passOver` gets each namespace whose claims may not be listed, with the reason. */
export async function listHomes(
  { api, settings }: ClusterContext,
  namespaces: string[],
  passOver: (namespace: string) => void,
): Promise<ListedHome[]> {
  const lists = await Promise.all(namespaces.map((namespace) => claimsIn(api, namespace, passOver)));
  const homes = lists.flat().filter(isHome);
  return homes.filter((claim) => isOfInstallation(claim, settings.installation)).map(describeHome);
}

async function claimsIn(api: ClusterContext['api'], namespace: string, passOver: (explained: string) => void) {
  try {
    return (await api.claims.list({ namespace, labels: MANAGED_SELECTOR })).items;
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return [];
    if (!(error instanceof ApiFailure) || error.status !== 403) throw error;
    passOver(`namespace ${namespace} (${error.message})`);
    return [];
  }
}

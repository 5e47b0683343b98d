import { ApiFailure } from '../api/api-error';
import type { ClusterApi } from '../api/cluster-api';
import { MANAGED_SELECTOR } from '../labels';

/** New organizations are rare, and are known at once to the worker that builds for them first. */
const LIST_INTERVAL_MS = 5 * 60_000;

/** The namespaces in which workspaces may be. */
export interface NamespaceList {
  of(organization: string): string;
  /** All that carry our label, and all that were asked for. */
  list(): Promise<string[]>;
}

/** Namespaces that an administrator made without our label, or that may not be listed, are known once they are asked for. */
export function createNamespaceList(api: Pick<ClusterApi, 'namespaces'>, prefix: string): NamespaceList {
  const known = new Set<string>([`${prefix}default`]);
  let listedAt = Number.NEGATIVE_INFINITY;
  return {
    of(organization) {
      const namespace = `${prefix}${organization}`;
      known.add(namespace);
      return namespace;
    },
    async list() {
      if (performance.now() - listedAt > LIST_INTERVAL_MS) {
        await listOurs(api, prefix).then(
          (names) => {
            for (const name of names) known.add(name);
            listedAt = performance.now();
          },
          (error: unknown) => {
            // Those that were found before are still there to be asked.
            if (listedAt === Number.NEGATIVE_INFINITY) throw error;
          },
        );
      }
      return [...known];
    },
  };
}

async function listOurs(api: Pick<ClusterApi, 'namespaces'>, prefix: string): Promise<string[]> {
  try {
    const found = await api.namespaces.list(MANAGED_SELECTOR);
    return found.map(({ metadata }) => metadata?.name ?? '').filter((name) => name.startsWith(prefix));
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 403) return [];
    throw error;
  }
}

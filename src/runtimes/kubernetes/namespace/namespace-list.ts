import { ApiFailure } from '../api/api-error';
import type { ClusterApi } from '../api/cluster-api';
import { MANAGED_SELECTOR } from '../labels';

/** New organizations are rare, and the worker that builds for one adds its namespace at once. */
const LIST_INTERVAL_MS = 5 * 60_000;

/** The namespaces that may have workspaces. */
export interface NamespaceList {
  /** The namespace of an organization, which `list` contains from then on. */
  of(organization: string): string;
  /** All with the managed-by label, and all that `of` returned. */
  list(): Promise<string[]>;
}

/** Namespaces without the label, or that the worker may not list, are added by `of`. */
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
        await listManaged(api, prefix).then(
          (names) => {
            for (const name of names) known.add(name);
            listedAt = performance.now();
          },
          (error: unknown) => {
            // After a first list the known namespaces still count.
            if (listedAt === Number.NEGATIVE_INFINITY) throw error;
          },
        );
      }
      return [...known];
    },
  };
}

async function listManaged(api: Pick<ClusterApi, 'namespaces'>, prefix: string): Promise<string[]> {
  try {
    const found = await api.namespaces.list(MANAGED_SELECTOR);
    return found.map(({ metadata }) => metadata?.name ?? '').filter((name) => name.startsWith(prefix));
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 403) return [];
    throw error;
  }
}

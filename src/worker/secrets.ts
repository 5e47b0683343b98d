import path from 'node:path';
import type { WorkspaceSecrets } from '../activities/workspace-secrets';
import { injectSecrets } from '../hooks/inject/inject-secrets';
import { openFileStore } from '../secrets/files';
import { readInjection } from '../secrets/injection';
import { createPreparedReader } from '../secrets/prepared-values';
import { createSigningKeys } from '../secrets/signing-keys';
import type { SecretStore } from '../secrets/store';
import type { WorkerSettings } from './settings';

/** Opens the store that the settings name, for the activities of this worker. */
export async function openSecrets(
  settings: WorkerSettings,
  installation: string,
): Promise<{ forActivities: WorkspaceSecrets; close(): Promise<void> }> {
  const store = await openStore(settings, installation);
  const { gatewayUrl } = settings.secrets;
  return { forActivities: workspaceSecrets({ store, installation, gatewayUrl }), close: () => store.close() };
}

/** Keys and secrets of a store as activities take them. */
export function workspaceSecrets({
  store,
  installation,
  gatewayUrl,
}: {
  store: SecretStore;
  installation: string;
  gatewayUrl: string | null;
}): WorkspaceSecrets {
  const keys = createSigningKeys(store, installation);
  return {
    read({ pod, owner, name, gitHosts: git }) {
      const { id, organization, build } = pod;
      return readInjection(store, keys, { owner, name, id, organization, build, git, gatewayUrl, now: Date.now() });
    },
    valuesToMask: createPreparedReader(store),
    inject: injectSecrets,
  };
}

/** Loads the Kubernetes client only when needed, since that takes half a second. */
async function openStore({ secrets, sandbox, kubernetes }: WorkerSettings, installation: string): Promise<SecretStore> {
  if (secrets.store === 'files') return openFileStore(path.join(sandbox.dir, 'keys'));
  const { createKubernetesStore } = await import('../secrets/kubernetes/index.js');
  const { kubeconfig, context } = kubernetes;
  return createKubernetesStore({ kubeconfig, installation, namespace: secrets.namespace, ...(context && { context }) });
}

/** Opens what the settings name. The Kubernetes client is loaded only when needed, since that takes half a second. */
import path from 'node:path';
import type { Runtime } from '../runtimes/runtime';
import { checkInstallation, createSandboxRuntime } from '../runtimes/sandbox';
import { openFileStore } from '../secrets/files';
import type { SecretStore } from '../secrets/store';
import type { GatewaySettings } from './settings';

export async function openRuntime(
  { runtime, dir, images, kubeconfig, kubernetesContext }: GatewaySettings,
  installation: string,
): Promise<Runtime | null> {
  if (runtime === null) return null;
  if (runtime === 'sandbox') {
    await checkInstallation(dir, installation);
    return createSandboxRuntime({ dir, images });
  }
  const { createKubernetesRuntime } = await import('../runtimes/kubernetes/index.js');
  return createKubernetesRuntime({ kubeconfig, installation, ...(kubernetesContext !== null && { context: kubernetesContext }) });
}

export async function openStore(settings: GatewaySettings, installation: string): Promise<SecretStore> {
  const { secrets, dir, kubeconfig, kubernetesContext } = settings;
  if (secrets.store === 'files') return openFileStore(path.join(dir, 'keys'));
  const { createKubernetesStore } = await import('../secrets/kubernetes/index.js');
  const context = kubernetesContext === null ? {} : { context: kubernetesContext };
  return createKubernetesStore({ kubeconfig, installation, namespace: secrets.namespace, ...context });
}

import type { KubeConfig } from '@kubernetes/client-node';
import type { Manifest } from './kustomize';
import { callApi } from './raw-call';

/**
 * Applies a manifest, or only asks whether it would be taken, and returns what the server makes of it. Word for word: the
 * library's models leave out what they do not know, and here it is the server that shall say so.
 * Rejects with the server's own sentence.
 */
export async function applyManifest(config: KubeConfig, manifest: Manifest, dryRun?: 'All'): Promise<Manifest> {
  const query = new URLSearchParams({ fieldManager: 'perennial-test', force: 'true', fieldValidation: 'Strict' });
  if (dryRun !== undefined) query.set('dryRun', dryRun);
  const call = { method: 'PATCH', contentType: 'application/apply-patch+yaml', body: JSON.stringify(manifest) };
  const { status, body } = await callApi(config, `${pathOf(manifest)}?${query}`, call);
  if (status >= 300) throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${status} ${JSON.parse(body).message}`);
  return JSON.parse(body);
}

function pathOf({ apiVersion, kind, metadata: { name, namespace } }: Manifest): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const kinds = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies');
  return `${group}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kinds}/${name}`;
}

import { once } from 'node:events';
import { type RequestOptions, request } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Manifest } from './kustomize';

/**
 * Applies a manifest, or only asks whether it would be taken, and returns what the server makes of it. Word for word: the
 * library's models leave out what they do not know, and here it is the server that shall say so.
 * Rejects with the server's own sentence.
 */
export async function applyManifest(config: KubeConfig, manifest: Manifest, dryRun?: 'All'): Promise<Manifest> {
  const query = new URLSearchParams({ fieldManager: 'perennial-test', force: 'true', fieldValidation: 'Strict' });
  if (dryRun !== undefined) query.set('dryRun', dryRun);
  const { status, body } = await patch(config, `${pathOf(manifest)}?${query}`, JSON.stringify(manifest));
  if (status >= 300) throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${status} ${JSON.parse(body).message}`);
  return JSON.parse(body);
}

function pathOf({ apiVersion, kind, metadata: { name, namespace } }: Manifest): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const kinds = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies');
  return `${group}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kinds}/${name}`;
}

async function patch(config: KubeConfig, path: string, text: string): Promise<{ status: number; body: string }> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers = {
    ...options.headers,
    'content-type': 'application/apply-patch+yaml',
    'content-length': Buffer.byteLength(text),
  };
  const url = new URL(path, config.getCurrentCluster()?.server);
  const sent = request(url, { ...options, headers, method: 'PATCH', timeout: 15_000 });
  sent.on('timeout', () => sent.destroy(new Error(`${url.pathname}: no answer within 15 s`)));
  sent.end(text);
  const [response] = await once(sent, 'response');
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode, body: Buffer.concat(parts).toString('utf8') };
}

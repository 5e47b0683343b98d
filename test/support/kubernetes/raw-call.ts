import { once } from 'node:events';
import { type RequestOptions, request } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

const TIMEOUT_MS = 15_000;

export interface RawCall {
  /** `GET` by default. */
  method?: string;
  contentType?: string;
  body?: string;
}

/** Asks the API server without the library's models, which leave out what they do not know. */
export async function callApi(
  config: KubeConfig,
  path: string,
  { method = 'GET', contentType, body }: RawCall = {},
): Promise<{ status: number; body: string }> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers = {
    ...options.headers,
    ...(contentType !== undefined && { 'content-type': contentType }),
    ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
  };
  const url = new URL(path, config.getCurrentCluster()?.server);
  const sent = request(url, { ...options, headers, method, timeout: TIMEOUT_MS });
  sent.on('timeout', () => sent.destroy(new Error(`${url.pathname}: no answer within ${TIMEOUT_MS / 1_000} s`)));
  sent.end(body);
  const [response] = await once(sent, 'response');
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  return { status: response.statusCode, body: Buffer.concat(parts).toString('utf8') };
}

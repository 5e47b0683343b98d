import type { Agent, RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiFailure } from './api-error';

/** Where the API server is, and how to be let in. */
export interface Access {
  /** The address, without a slash at the end. */
  server: string;
  /** The address in messages, without a path and a password. */
  name: string;
  /** For one request, with an agent that is nobody else's. Rejects with `ApiFailure`. */
  credentials(): Promise<Credentials>;
}

export interface Credentials {
  headers: Record<string, string>;
  /** Knows the certificates, and the proxy if there is one. */
  agent: Agent;
}

/** Reads what may change while we run, such as a pod's token, for each request anew. */
export function accessOf(config: KubeConfig): Access {
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
  const name = new URL(server).origin;
  return {
    server,
    name,
    async credentials() {
      const options: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch (error) {
        throw unreadable(name, error);
      }
      return { headers: headersOf(options), agent: options.agent as Agent };
    },
  };
}

/** The line's end of a token's file would make a header that is refused with the token in the message. */
function headersOf({ headers = {}, auth }: RequestOptions): Record<string, string> {
  const given = Object.entries(headers).map(([name, value]) => [name, String(value).trim()] as const);
  const basic = auth ? { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  return { ...Object.fromEntries(given), ...basic };
}

/** What a plugin for credentials writes as it fails is not repeated: nobody knows what is in it. */
function unreadable(name: string, error: unknown): ApiFailure {
  const { code } = error as { code?: string };
  return new ApiFailure(`the credentials for ${name} could not be read${code ? ` (${code})` : ''}`, { status: null, reason: '' });
}

import type { Agent, RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiFailure } from './api-error';

/** The address of the API server, and its credentials. */
export interface Access {
  /** The address, without a slash at the end. */
  server: string;
  /** The address for messages, without a path and a password. */
  name: string;
  /** For one request, with an agent that no other request has. Rejects with `ApiFailure`. */
  credentials(): Promise<Credentials>;
}

/** The credentials of one request. */
export interface Credentials {
  /** With a token or a password, if the kubeconfig has one. */
  headers: Record<string, string>;
  /** With the certificates, and the proxy if there is one. */
  agent: Agent;
}

/** Reads credentials that may change, such as a pod's token, again for each request. */
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

/** A line break at the end of a token's file would make an invalid header, whose error holds the token. */
function headersOf({ headers = {}, auth }: RequestOptions): Record<string, string> {
  const trimmed = Object.entries(headers).map(([name, value]) => [name, String(value).trim()] as const);
  const basic = auth ? { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  return { ...Object.fromEntries(trimmed), ...basic };
}

/** The output of a failed credential plugin is not repeated, since it may hold a secret. */
function unreadable(name: string, error: unknown): ApiFailure {
  const { code } = error as { code?: string };
  return new ApiFailure(`the credentials for ${name} could not be read${code ? ` (${code})` : ''}`, { status: null, reason: '' });
}

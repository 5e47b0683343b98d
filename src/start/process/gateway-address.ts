import type { Say } from '../progress';
import { HOST } from './port';

/** Where the gateway listens, and where it is reached. */
export interface GatewayAddress {
  /** The address to listen on. */
  host: string;
  /** Its URL on this machine. */
  url: string;
  /** Its URL for workspaces; empty: they do not reach it. */
  urlInside: string;
}

export interface GatewayPlace {
  runtime: 'sandbox' | 'kubernetes';
  port: number;
  /** `PERENNIAL_GATEWAY_HOST` and `PERENNIAL_GATEWAY_URL` overrule what follows from the runtime. */
  env: NodeJS.ProcessEnv;
  say: Say;
}

/**
 * Sandboxes share this machine's own address. Pods do not, so for a cluster the gateway listens on the address by which its nodes reach
 * this machine, where that can be found out.
 */
export async function chooseGatewayAddress(place: GatewayPlace): Promise<GatewayAddress> {
  const { runtime, port, env } = place;
  const host = env.PERENNIAL_GATEWAY_HOST || (runtime === 'sandbox' ? HOST : await addressForCluster(place));
  const isWildcard = host === '0.0.0.0' || host === '::';
  const url = `http://${isWildcard ? HOST : host.includes(':') ? `[${host}]` : host}:${port}`;
  const isInside = runtime === 'sandbox' || (!isWildcard && host !== HOST);
  return { host, url, urlInside: env.PERENNIAL_GATEWAY_URL || (isInside ? url : '') };
}

async function addressForCluster({ env, say }: GatewayPlace): Promise<string> {
  const { KUBECONFIG: kubeconfig = '', PERENNIAL_KUBERNETES_CONTEXT: context } = env;
  try {
    const { hostAddressFor } = await import('../../runtimes/kubernetes/api/host-address.js');
    return await hostAddressFor({ kubeconfig, ...(context && { context }) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`workspaces do not reach the gateway, since PERENNIAL_GATEWAY_HOST is not set and the nodes are not known: ${reason}`);
    return HOST;
  }
}

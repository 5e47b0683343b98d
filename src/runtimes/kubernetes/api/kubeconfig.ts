import { existsSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * The cluster's address and credentials: from a file, else those of the pod that this process runs in. Never the library's own
 * guess of an address on this machine, which hides a mistake. Throws a sentence with the file and what is missing in it.
 * @param podRoot a prefix of the path of the pod's service account
 */
export function loadKubeconfig(options: { kubeconfig?: string; context?: string }, podRoot = ''): KubeConfig {
  const { kubeconfig, context } = options;
  const config = new KubeConfig();
  if (kubeconfig === undefined) loadFromPod(config, podRoot);
  else loadFromFile(config, kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  const complaint = complaintOf(config);
  if (complaint !== null) throw new Error(`${kubeconfig ?? 'the service account'}: ${complaint}`);
  return config;
}

function loadFromPod(config: KubeConfig, podRoot: string): void {
  if (!existsSync(`${podRoot}${SERVICE_ACCOUNT_TOKEN}`)) {
    throw new Error('no cluster: expected KUBECONFIG, or to run in a pod with a service account, got neither');
  }
  config.loadFromCluster(podRoot);
}

function loadFromFile(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw new Error(`${file}: expected a kubeconfig, got: ${reasonOf(error)}`);
  }
}

/** The first line has the reason; the next ones of a parser show the text around it, and so a token. */
function reasonOf(error: unknown): string {
  const { name, message = '' } = error as Partial<Error>;
  // The library reads properties of any value that it parsed.
  return name === 'TypeError' ? 'something else' : (message.split('\n')[0] ?? '');
}

/** Without a user the library would go on with no credentials and no trust in the cluster's certificate. */
function complaintOf(config: KubeConfig): string | null {
  const context = config.getCurrentContext();
  if (!context) return 'expected a current context, got none';
  if (config.getContextObject(context) === null) return `expected a context ${JSON.stringify(context)}, got none of that name`;
  const cluster = config.getCurrentCluster();
  if (cluster === null) return `expected a cluster for context ${JSON.stringify(context)}, got none`;
  if (config.getCurrentUser() === null) return `expected a user for context ${JSON.stringify(context)}, got none`;
  if (!/^https?:$/.test(protocolOf(cluster.server)))
    return `expected the address of a server, got ${JSON.stringify(cluster.server)}`;
  if (protocolOf(cluster.server) === 'http:' && !cluster.skipTLSVerify) {
    return `expected a server with https, or insecure-skip-tls-verify, got ${new URL(cluster.server).origin}`;
  }
  return null;
}

function protocolOf(server: unknown): string {
  return URL.canParse(String(server)) ? new URL(String(server)).protocol : '';
}

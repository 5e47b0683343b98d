import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { V1Namespace } from '@kubernetes/client-node';
import { RuntimeFailure } from '../../failure';
import { ApiFailure } from '../api/api-error';
import type { ClusterContext } from '../context';
import { isManaged, MANAGED_BY } from '../labels';
import type { NetworkSettings } from '../settings';

const ORGANIZATION = 'perennial/organization';
const ENFORCE = 'pod-security.kubernetes.io/enforce';
/** The hash of the NetworkPolicy that a worker last wrote. A namespace without it is the administrator's, and keeps its own policy. */
const WRITTEN_POLICY = 'perennial/network-policy';
/** The port of the gateway's pods in deploy/kubernetes/gateway. */
const GATEWAY_PORT = 8080;
/** The namespace of the worker and the gateway, with secrets that no workspace may read. */
const SYSTEM = 'perennial-system';

/**
 * Makes sure that an organization's namespace exists, and sets its level of Pod Security where the worker may; null keeps the level.
 * An administrator may have created it with another level.
 * @throws NotAllowed when it does not exist and may not be created, or is the worker's own; RuntimeUnavailable while it is deleted
 */
export async function ensureNamespace(cluster: ClusterContext, organization: string, level: string | null): Promise<void> {
  const name = cluster.namespaceOf(organization);
  if (name === SYSTEM) {
    throw new RuntimeFailure(
      'NotAllowed',
      `organization ${organization} has no workspaces: ${name} is the worker's own namespace`,
    );
  }
  const found = await cluster.api.namespaces.read(name);
  if (found === null) return makeNamespace(cluster, { name, organization, level: level ?? 'restricted' });
  if (found.metadata?.deletionTimestamp !== undefined) {
    throw new RuntimeFailure('RuntimeUnavailable', `namespace ${name} is being deleted`);
  }
  if (isHalfMade(found)) await finishNamespace(cluster, name);
  else await renewNetworkPolicy(cluster, found);
  if (level !== null) await setLevel(cluster, found, level);
}

interface NewNamespace {
  name: string;
  organization: string;
  level: string;
}

async function makeNamespace(cluster: ClusterContext, { name, organization, level }: NewNamespace): Promise<void> {
  const labels = { [ORGANIZATION]: organization, [ENFORCE]: level };
  try {
    await cluster.api.namespaces.create({ metadata: { name, labels } });
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (error.status === 403) throw new RuntimeFailure('NotAllowed', explainMissing(name));
    if (error.status !== 409) throw error;
  }
  await finishNamespace(cluster, name);
}

/** A worker sets the organization's name at the creation, and the managed-by label once the policy is there. */
function isHalfMade({ metadata }: V1Namespace): boolean {
  return metadata?.labels?.[ORGANIZATION] !== undefined && !isManaged({ metadata });
}

async function finishNamespace(cluster: ClusterContext, name: string): Promise<void> {
  const policy = networkPolicy(cluster.settings.network);
  await cluster.api.networkPolicies.apply(name, policy);
  const annotations = { [WRITTEN_POLICY]: digestOf(policy) };
  await cluster.api.namespaces.merge(name, { metadata: { labels: MANAGED_BY, annotations } });
}

/** Updates the policy after a change of settings or version. Where the worker may no longer write it, nothing changes. */
async function renewNetworkPolicy(cluster: ClusterContext, { metadata = {} }: V1Namespace): Promise<void> {
  const written = metadata.annotations?.[WRITTEN_POLICY];
  if (!isManaged({ metadata }) || written === undefined) return;
  if (written === digestOf(networkPolicy(cluster.settings.network))) return;
  try {
    await finishNamespace(cluster, metadata.name ?? '');
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 403) throw error;
  }
}

const digestOf = (policy: PolicyBody): string => createHash('sha256').update(JSON.stringify(policy)).digest('hex').slice(0, 16);

function explainMissing(name: string): string {
  return `namespace ${name} is not there, and the worker may not make it; an administrator can, with deploy/kubernetes/organization`;
}

/** Where the worker may not set it, the administrator's level stays, and the API server refuses pods above it. */
async function setLevel(cluster: ClusterContext, { metadata = {} }: V1Namespace, level: string): Promise<void> {
  const { name = '', labels = {} } = metadata;
  if (!isManaged({ metadata }) || labels[ENFORCE] === undefined || labels[ENFORCE] === level) return;
  try {
    await cluster.api.namespaces.merge(name, { metadata: { labels: { [ENFORCE]: level } } });
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 403) throw error;
  }
}

interface PolicyBody {
  metadata: { name: string; labels: Record<string, string> };
  [field: string]: unknown;
}

/** Ingress from the gateway alone; egress to the gateway, DNS, and the internet. deploy/kubernetes/organization has the same policy. */
export function networkPolicy({ dns, closed, gateway: outside }: NetworkSettings): PolicyBody {
  const gateway = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': SYSTEM } },
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'perennial-gateway' } },
  };
  const ports = dns.ports.flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ protocol, port })));
  const openTo = (cidr: string, version: 4 | 6) => ({
    ipBlock: { cidr, except: closed.filter((range) => isIP(range.split('/')[0] ?? '') === version) },
  });
  const toGateway = outside
    ? { to: [{ ipBlock: { cidr: `${outside.address}/${isIP(outside.address) === 6 ? 128 : 32}` } }], port: outside.port }
    : { to: [gateway], port: GATEWAY_PORT };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'perennial-workspaces', labels: MANAGED_BY },
    spec: {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [gateway] }],
      egress: [
        { ports: [{ protocol: 'TCP', port: toGateway.port }], to: toGateway.to },
        { ports, to: dns.peers },
        { to: [openTo('0.0.0.0/0', 4), openTo('::/0', 6)] },
      ],
    },
  };
}

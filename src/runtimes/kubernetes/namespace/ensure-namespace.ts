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
/** On namespaces that a worker made: which NetworkPolicy it last wrote there. An administrator's has none, and keeps its own policy. */
const WRITTEN_POLICY = 'perennial/network-policy';
/** Where the manifests put the worker and the gateway, beside secrets that no workspace may come near. */
const SYSTEM = 'perennial-system';

/**
 * Makes sure that an organization's namespace is there, and enforces the given level of Pod Security where we may say so; null
 * leaves the level as it is. An administrator may have made it, with a level of their own.
 * @throws NotAllowed when it is not there and may not be made, or is the worker's own
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

/** What we made carries an organization's name from the start, and our label at the end. */
function isHalfMade({ metadata }: V1Namespace): boolean {
  return metadata?.labels?.[ORGANIZATION] !== undefined && !isManaged({ metadata });
}

async function finishNamespace(cluster: ClusterContext, name: string): Promise<void> {
  const policy = networkPolicy(cluster.settings.network);
  await cluster.api.networkPolicies.apply(name, policy);
  const annotations = { [WRITTEN_POLICY]: digestOf(policy) };
  await cluster.api.namespaces.merge(name, { metadata: { labels: MANAGED_BY, annotations } });
}

/** Other settings, or those of a newer version, hold in namespaces made before too. Where the worker may not write any more, nothing changes. */
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

/** Where the worker may not, the level is the administrator's, and a pod that does not fit it is refused with a reason. */
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

/** Nobody but the gateway comes in; workspaces reach names and the internet. The manifest for administrators says the same. */
export function networkPolicy({ dns, closed }: NetworkSettings): PolicyBody {
  const gateway = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': SYSTEM } },
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'perennial-gateway' } },
  };
  const ports = dns.ports.flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ protocol, port })));
  const openTo = (cidr: string, version: 4 | 6) => ({
    ipBlock: { cidr, except: closed.filter((range) => isIP(range.split('/')[0] ?? '') === version) },
  });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'perennial-workspaces', labels: MANAGED_BY },
    spec: {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [gateway] }],
      egress: [{ ports, to: dns.peers }, { to: [openTo('0.0.0.0/0', 4), openTo('::/0', 6)] }],
    },
  };
}

/** deploy/kubernetes as it is written; test/end-to-end/kubernetes/manifests.test.ts shows it to a real API server. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { networkPolicy } from '../../src/runtimes/kubernetes/namespace/ensure-namespace';
import { CLUSTER_DEFAULTS } from '../../src/runtimes/kubernetes/settings';
import { SECRETS_NAMESPACE } from '../../src/secrets/kubernetes';
import { NAME_PREFIX } from '../../src/secrets/kubernetes/record-object';
import { build, type Manifest } from '../support/kubernetes/kustomize';

const FOLDER = path.join(__dirname, '..', '..', 'deploy', 'kubernetes');
const worker = build(path.join(FOLDER, 'worker'));
const organization = build(path.join(FOLDER, 'organization'));
const example = build(path.join(FOLDER, 'example'));
const gateway = build(path.join(FOLDER, 'gateway'));
const gatewayInside = build(path.join(FOLDER, 'components', 'gateway'));

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** What the runtime calls; src/runtimes/kubernetes/api/cluster-api.ts has it call by call. */
const IN_AN_ORGANIZATION = {
  pods: ['create', 'delete', 'get', 'list', 'watch'],
  'pods/exec': ['create', 'get'],
  persistentvolumeclaims: ['create', 'delete', 'get', 'list', 'patch'],
  events: ['list', 'watch'],
};

test('Every file belongs to a kustomization, and every kustomization names files that are there.', () => {
  const folders = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name === 'kustomization.yaml')
    .map(({ parentPath }) => parentPath);
  expect(folders.map((folder) => path.relative(FOLDER, folder)).sort()).toEqual([
    'components/baseline',
    'components/gateway',
    'components/quota',
    'example',
    'gateway',
    'organization',
    'worker',
  ]);
  for (const folder of folders) build(folder);
});

test('The worker may do in an organization’s namespace what its runtime calls, and nothing else.', () => {
  expect(permissionsOf(one(organization, 'Role'))).toEqual(IN_AN_ORGANIZATION);
});

test('In its own namespace the worker may keep secrets, and everywhere else find namespaces.', () => {
  expect(permissionsOf(one(worker, 'ClusterRole'))).toEqual({ namespaces: ['get', 'list'] });
  expect(permissionsOf(one(worker, 'Role'))).toEqual({ secrets: ['create', 'get', 'list', 'update'] });
  expect(one(worker, 'Role').metadata.namespace).toBe(SECRETS_NAMESPACE);
});

test('The admission policy has the prefix of the store’s objects.', () => {
  const { validations } = one(worker, 'ValidatingAdmissionPolicy').spec as { validations: { expression: string }[] };
  expect(validations.map(({ expression }) => expression)).toEqual([`request.name.startsWith('${NAME_PREFIX}')`]);
});

test('All roles are bound to the worker’s service account alone.', () => {
  const subject = { kind: 'ServiceAccount', name: 'perennial-worker', namespace: 'perennial-system' };
  const kinds = ['RoleBinding', 'ClusterRoleBinding'];
  const bindings = [...worker, ...organization, ...example].filter(({ kind }) => kinds.includes(kind));
  expect(bindings).toHaveLength(4);
  for (const binding of bindings) expect(binding.subjects).toEqual([subject]);
  const { name, namespace } = one(worker, 'ServiceAccount').metadata;
  expect({ name, namespace }).toEqual({ name: subject.name, namespace: subject.namespace });
});

test('No role has a wildcard, and none is one of the cluster’s own.', () => {
  const roles = [...worker, ...example].filter(({ kind }) => kind.endsWith('Role'));
  expect(JSON.stringify(roles)).not.toContain('*');
  const bindings = [...worker, ...example].filter(({ kind }) => kind.endsWith('RoleBinding'));
  expect(bindings.map(({ roleRef }) => (roleRef as { name: string }).name)).toEqual(Array(3).fill('perennial-worker'));
});

test('Every namespace enforces Pod Security `restricted`, but for the one whose organization chose `baseline`.', () => {
  const levels = [worker, organization, example].map((all) => one(all, 'Namespace').metadata.labels);
  expect(levels.map((labels) => labels?.['pod-security.kubernetes.io/enforce'])).toEqual([
    'restricted',
    'restricted',
    'baseline',
  ]);
});

test('The worker finds the namespaces of organizations by their labels, and its own is none.', () => {
  const labels = [organization, example].map((all) => one(all, 'Namespace').metadata.labels);
  expect(labels).toMatchObject([
    { 'app.kubernetes.io/managed-by': 'perennial', 'perennial/organization': 'default' },
    { 'app.kubernetes.io/managed-by': 'perennial', 'perennial/organization': 'acme' },
  ]);
  expect(one(worker, 'Namespace').metadata.labels).not.toHaveProperty('app.kubernetes.io/managed-by');
});

test('The worker’s pod has what `restricted` asks for, a file system that it cannot write, and limits.', () => {
  const pod = podOf(one(worker, 'Deployment'));
  expect(pod.securityContext).toEqual({
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(pod.containers).toHaveLength(1);
  expect(pod.containers[0]?.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(pod.containers[0]?.resources).toMatchObject({ requests: {}, limits: {} });
  expect(JSON.stringify(pod)).not.toMatch(/hostPath|hostNetwork|hostPID|privileged/);
});

test('The worker gets longer to end than it gives its activities.', () => {
  expect(podOf(one(worker, 'Deployment')).terminationGracePeriodSeconds).toBeGreaterThan(10);
});

test('The worker’s two pods never share a node while there is another, so that the death of one node ends one of them.', () => {
  const deployment = one(worker, 'Deployment');
  const { replicas, selector } = deployment.spec as { replicas: number; selector: object };
  expect(replicas).toBe(2);
  expect(podOf(deployment).topologySpreadConstraints).toEqual([
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'DoNotSchedule',
      nodeTaintsPolicy: 'Honor',
      labelSelector: selector,
      matchLabelKeys: ['pod-template-hash'],
    },
  ]);
});

test('The network policy of an organization equals the policy that the worker makes where it may.', () => {
  const { spec, metadata } = networkPolicy(CLUSTER_DEFAULTS.network);
  const manifest = one(organization, 'NetworkPolicy');
  expect(manifest.spec).toEqual(spec);
  expect(manifest.metadata).toMatchObject(metadata);
});

test('All objects of an overlay are in its namespace.', () => {
  const elsewhere = example.filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'perennial-acme');
  expect(elsewhere).toEqual([]);
  expect(one(example, 'Namespace').metadata.name).toBe('perennial-acme');
  expect(one(example, 'ResourceQuota').spec).toMatchObject({ hard: { pods: '100' } });
});

test('The gateway may keep secrets in its own namespace, and with its component open terminals in an organization’s.', () => {
  expect(permissionsOf(one(gateway, 'Role'))).toEqual({ secrets: ['create', 'get', 'list', 'update'] });
  expect(permissionsOf(one(gatewayInside, 'Role'))).toEqual({ pods: ['get', 'list', 'watch'], 'pods/exec': ['create', 'get'] });
  const subject = { kind: 'ServiceAccount', name: 'perennial-gateway', namespace: 'perennial-system' };
  for (const all of [gateway, gatewayInside]) expect(one(all, 'RoleBinding').subjects).toEqual([subject]);
  expect(gateway.some(({ kind }) => kind.startsWith('Cluster'))).toBe(false);
});

test('The gateway’s pod has what `restricted` asks for, and its port is the port that workspaces may reach.', () => {
  const pod = podOf(one(gateway, 'Deployment'));
  expect(pod.securityContext).toEqual(podOf(one(worker, 'Deployment')).securityContext);
  expect(pod.containers.map(({ securityContext }) => securityContext)).toEqual(
    podOf(one(worker, 'Deployment')).containers.map(({ securityContext }) => securityContext),
  );
  expect((one(gateway, 'Deployment').spec as { replicas: number }).replicas).toBe(2);
  // 5 s before SIGTERM, and 12 s of the drain.
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(5 + 12);
  const text = JSON.stringify(pod);
  expect(text).toContain('{"name":"PERENNIAL_GATEWAY_PORT","value":"8080"}');
  const egress = (one(organization, 'NetworkPolicy').spec as { egress: { ports?: object[] }[] }).egress[0];
  expect(egress?.ports).toEqual([{ protocol: 'TCP', port: 8080 }]);
});

test('The gateway reads every setting of its manifest.', () => {
  const settings = JSON.stringify(one(gateway, 'Deployment')).matchAll(/"name":"(PERENNIAL_\w+)"/g);
  const known = readFileSync(path.join(FOLDER, '..', '..', 'src', 'gateway', 'settings.ts'), 'utf8');
  expect([...settings].map(([, name = '']) => name).filter((name) => !known.includes(`${name}:`))).toEqual([]);
});

interface PodBody {
  securityContext: object;
  terminationGracePeriodSeconds: number;
  topologySpreadConstraints?: object[];
  containers: { securityContext: object; resources: object }[];
}

function podOf({ spec }: Manifest): PodBody {
  return (spec as { template: { spec: PodBody } }).template.spec;
}

function one(all: Manifest[], kind: string): Manifest {
  const found = all.filter((manifest) => manifest.kind === kind);
  if (found[0] === undefined || found.length > 1) throw new Error(`expected one ${kind}, got ${found.length}`);
  return found[0];
}

/** Resource to verbs; all of the core group. */
function permissionsOf({ rules }: Manifest): Record<string, string[]> {
  const all = rules as Rule[];
  expect(all.flatMap(({ apiGroups }) => apiGroups).every((group) => group === '')).toBe(true);
  return Object.fromEntries(
    all.flatMap(({ resources, verbs }) => resources.map((resource) => [resource, [...verbs].sort()] as const)),
  );
}

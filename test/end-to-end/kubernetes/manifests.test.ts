/** deploy/kubernetes before a real API server, under names of its own, and what the worker's service account may do with it. */
import {
  AuthenticationV1Api,
  AuthorizationV1Api,
  KubeConfig,
  type V1Container,
  type V1Pod,
  type V1PodTemplateSpec,
} from '@kubernetes/client-node';
import { type Installation, install } from '../../support/kubernetes/cluster-installation';
import type { Manifest } from '../../support/kubernetes/kustomize';
import { until } from '../../support/until';

let installation: Installation;
let worker: KubeConfig;
let questions: AuthorizationV1Api;

beforeAll(async () => {
  installation = await install();
  worker = new KubeConfig();
  worker.loadFromFile(await installation.logIn());
  questions = worker.makeApiClient(AuthorizationV1Api);
  const { organization, other } = installation.namespaces;
  await until('the roles hold', async () => (await may('list', 'pods', organization)) && (await may('list', 'pods', other)));
  await until('the role for the whole cluster holds', () => may('list', 'namespaces'));
  for (const namespace of Object.values(installation.namespaces))
    await until(`pods are allowed in ${namespace}`, () => hasServiceAccount(namespace));
});

afterAll(() => installation.end());

test('The API server takes every manifest as it is.', async () => {
  for (const manifest of installation.manifests) {
    const { metadata, spec } = await installation.apply(manifest, 'All');
    expect(metadata.name).toBe(manifest.metadata.name);
    expect({ spec }).toMatchObject(manifest.spec === undefined ? {} : { spec: manifest.spec });
  }
});

test('The API server would refuse one with a field that it does not know.', async () => {
  const [policy] = installation.manifests.filter(({ kind }) => kind === 'NetworkPolicy');
  if (policy === undefined) throw new Error('expected a NetworkPolicy, got none');
  const wrong = { ...policy, spec: { podSelector: {}, policyType: ['Ingress'] } };
  await expect(installation.apply(wrong, 'All')).rejects.toThrow('policyType');
});

describe('The worker’s service account', () => {
  test('is the one of the manifests.', async () => {
    const { status } = await worker.makeApiClient(AuthenticationV1Api).createSelfSubjectReview({ body: {} });
    const { namespaces, serviceAccount } = installation;
    expect(status?.userInfo?.username).toBe(`system:serviceaccount:${namespaces.system}:${serviceAccount}`);
  });

  test('has in an organization’s namespace the rules of its role and no more.', async () => {
    for (const namespace of [installation.namespaces.organization, installation.namespaces.other]) {
      expect(await rulesIn(namespace)).toEqual([
        ...['list events', 'watch events', 'get namespaces', 'list namespaces'],
        ...['create', 'delete', 'get', 'list', 'patch'].map((verb) => `${verb} persistentvolumeclaims`),
        ...['create', 'delete', 'get', 'list', 'watch'].map((verb) => `${verb} pods`),
        ...['create', 'get'].map((verb) => `${verb} pods/exec`),
      ]);
    }
  });

  test('may keep secrets in its own namespace, and delete none.', async () => {
    expect(await rulesIn(installation.namespaces.system)).toEqual([
      ...['get namespaces', 'list namespaces'],
      ...['create', 'get', 'list', 'update'].map((verb) => `${verb} secrets`),
    ]);
  });

  test('may find namespaces anywhere else, and nothing more.', async () => {
    for (const namespace of ['default', 'kube-system'])
      expect([namespace, await rulesIn(namespace)]).toEqual([namespace, ['get namespaces', 'list namespaces']]);
  });

  test.each([
    ['get', 'pods'],
    ['list', 'pods'],
    ['watch', 'pods'],
    ['create', 'pods'],
    ['delete', 'pods'],
    ['get', 'pods/exec'],
    ['create', 'pods/exec'],
    ['get', 'persistentvolumeclaims'],
    ['list', 'persistentvolumeclaims'],
    ['create', 'persistentvolumeclaims'],
    ['patch', 'persistentvolumeclaims'],
    ['delete', 'persistentvolumeclaims'],
    ['list', 'events'],
    ['watch', 'events'],
  ])('may %s %s in an organization’s namespace, and in no other.', async (verb, resource) => {
    expect(await may(verb, resource, installation.namespaces.organization)).toBe(true);
    expect(await may(verb, resource, installation.namespaces.system)).toBe(false);
    expect(await may(verb, resource, 'kube-system')).toBe(false);
  });

  test.each([
    ['patch', 'pods'],
    ['update', 'pods'],
    ['deletecollection', 'pods'],
    ['patch', 'pods/ephemeralcontainers'],
    ['create', 'pods/attach'],
    ['create', 'pods/portforward'],
    ['get', 'pods/proxy'],
    ['create', 'pods/eviction'],
    ['create', 'pods/binding'],
    ['update', 'pods/status'],
    ['update', 'persistentvolumeclaims'],
    ['deletecollection', 'persistentvolumeclaims'],
    ['get', 'secrets'],
    ['list', 'secrets'],
    ['create', 'secrets'],
    ['get', 'configmaps'],
    ['create', 'services'],
    ['create', 'serviceaccounts'],
    ['create', 'serviceaccounts/token'],
    ['impersonate', 'serviceaccounts'],
    ['delete', 'resourcequotas'],
    ['delete', 'events'],
    ['create', 'apps/deployments'],
    ['create', 'batch/jobs'],
    ['create', 'networking.k8s.io/networkpolicies'],
    ['delete', 'networking.k8s.io/networkpolicies'],
    ['create', 'rbac.authorization.k8s.io/roles'],
    ['patch', 'rbac.authorization.k8s.io/roles'],
    ['create', 'rbac.authorization.k8s.io/rolebindings'],
    ['bind', 'rbac.authorization.k8s.io/roles'],
    ['escalate', 'rbac.authorization.k8s.io/roles'],
  ])('may not %s %s in an organization’s namespace.', async (verb, resource) => {
    expect(await may(verb, resource, installation.namespaces.organization)).toBe(false);
  });

  test.each([
    ['create', 'namespaces'],
    ['patch', 'namespaces'],
    ['update', 'namespaces'],
    ['delete', 'namespaces'],
    ['get', 'nodes'],
    ['list', 'nodes'],
    ['get', 'nodes/proxy'],
    ['list', 'persistentvolumes'],
    ['list', 'pods'],
    ['list', 'secrets'],
    ['create', 'rbac.authorization.k8s.io/clusterrolebindings'],
    ['create', 'admissionregistration.k8s.io/mutatingwebhookconfigurations'],
    ['create', 'certificates.k8s.io/certificatesigningrequests'],
    ['impersonate', 'users'],
  ])('may not %s %s in the whole cluster.', async (verb, resource) => {
    expect(await may(verb, resource)).toBe(false);
  });
});

describe('Pod Security', () => {
  test('takes the worker’s pod.', async () => {
    const [deployment] = installation.manifests.filter(({ kind }) => kind === 'Deployment');
    const { metadata, spec } = podTemplateOf(deployment);
    const pod = { metadata: { ...metadata, name: 'worker' }, ...(spec && { spec }) };
    expect(await tryPod(installation.namespaces.system, pod)).toBe('taken');
  });

  test('refuses a pod that could become root in an organization’s namespace, unless the organization chose `baseline`.', async () => {
    const { organization, other } = installation.namespaces;
    expect(await tryPod(organization, plainPod({}))).toMatch(/violates PodSecurity "restricted:/);
    expect(await tryPod(other, plainPod({}))).toBe('taken');
  });

  test('refuses a pod that is root on its node, whatever the organization chose.', async () => {
    const { organization, other } = installation.namespaces;
    for (const namespace of [organization, other])
      expect(await tryPod(namespace, plainPod({ privileged: true }))).toMatch(/violates PodSecurity/);
  });
});

/** `resource` as `GROUP/RESOURCE/SUBRESOURCE`; a group is one with a dot, or of the old ones without. */
async function may(verb: string, path: string, namespace?: string): Promise<boolean> {
  const parts = path.split('/');
  const group = /\.|^apps$|^batch$/.test(parts[0] ?? '') ? (parts.shift() ?? '') : '';
  const [resource = '', subresource] = parts;
  const resourceAttributes = { verb, group, resource, ...(subresource && { subresource }), ...(namespace && { namespace }) };
  const { status } = await questions.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } });
  return status?.allowed ?? false;
}

/** All rules of the core group that hold in a namespace, as `VERB RESOURCE`, by resource. */
async function rulesIn(namespace: string): Promise<string[]> {
  const { status } = await questions.createSelfSubjectRulesReview({ body: { spec: { namespace } } });
  // Every authenticated user may ask for their own identity and rights.
  const own = (status?.resourceRules ?? []).filter(({ apiGroups = [] }) => !apiGroups.every((group) => /^auth/.test(group)));
  expect(own.every(({ apiGroups }) => apiGroups?.join() === '')).toBe(true);
  const pairs = own.flatMap(({ resources = [], verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => [resource, verb])),
  );
  return [...new Set(pairs.map(([resource, verb]) => `${resource} ${verb}`))]
    .sort()
    .map((pair) => pair.split(' ').reverse().join(' '));
}

async function hasServiceAccount(namespace: string): Promise<boolean> {
  const { items } = await installation.core.listNamespacedServiceAccount({ namespace });
  return items.some(({ metadata }) => metadata?.name === 'default');
}

function podTemplateOf(deployment: Manifest | undefined): V1PodTemplateSpec {
  if (deployment === undefined) throw new Error('expected a Deployment, got none');
  return (deployment.spec as { template: V1PodTemplateSpec }).template;
}

/** `taken`, or why not. Nothing is made. */
async function tryPod(namespace: string, body: V1Pod): Promise<string> {
  try {
    await installation.core.createNamespacedPod({ namespace, body, dryRun: 'All' });
    return 'taken';
  } catch (error) {
    return JSON.parse((error as { body: string }).body).message;
  }
}

function plainPod(securityContext: NonNullable<V1Container['securityContext']>): V1Pod {
  const resources = { requests: { cpu: '10m', memory: '16Mi' } };
  return {
    metadata: { name: 'plain' },
    spec: { containers: [{ name: 'plain', image: 'e2e.local/none:1', securityContext, resources }] },
  };
}

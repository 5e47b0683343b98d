/** The manifests of a workspace's pod and of an image's probe, and the network policy. */

import { networkPolicy } from '../../../../src/runtimes/kubernetes/namespace/ensure-namespace';
import { describeStarted, podManifest, probeManifest } from '../../../../src/runtimes/kubernetes/pod/manifest';
import { CLUSTER_DEFAULTS, type ClusterSettings } from '../../../../src/runtimes/kubernetes/settings';
import { podSpec } from '../../../support/runtimes/contract-harness';

const FACTS = { digest: null, user: 'coder', uid: 1000, gid: 1000, home: '/home/coder', shell: '/bin/sh' };
const DIGEST = `sha256:${'ab'.repeat(32)}`;

function made({
  podSecurity = 'restricted' as 'restricted' | 'baseline',
  image = 'a/b:1',
  ...settings
}: Partial<ClusterSettings> & { podSecurity?: 'restricted' | 'baseline'; image?: string } = {}) {
  const spec = podSpec({ build: 3, home: 'uid-1', image, podSecurity });
  return podManifest({ spec, image, facts: FACTS, isNew: true, warnings: [], settings: { ...CLUSTER_DEFAULTS, ...settings } });
}

test('A tag is pulled at each build, and a digest, which never changes, only where it is missing.', () => {
  const policies = (image: string) =>
    [made({ image }), probeManifest(image, CLUSTER_DEFAULTS)].flatMap(({ spec }) =>
      [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ imagePullPolicy }) => imagePullPolicy),
    );
  expect(new Set(policies('a/b:1'))).toEqual(new Set(['Always']));
  expect(new Set(policies(`a/b@${DIGEST}`))).toEqual(new Set(['IfNotPresent']));
});

test('Where and how pods run holds for workspaces and for probes.', () => {
  const placement = {
    runtimeClassName: 'gvisor',
    nodeSelector: { pool: 'workspaces' },
    tolerations: [{ operator: 'Exists' }],
    priorityClassName: 'low',
    hostUsers: false,
  };
  const pod = { ...placement, ephemeralStorage: { request: '1Gi', limit: '20Gi' } };
  expect(made({ pod }).spec).toMatchObject(placement);
  expect(probeManifest('a/b:1', { ...CLUSTER_DEFAULTS, pod }).spec).toMatchObject(placement);
  expect(made({ pod }).spec).not.toHaveProperty('ephemeralStorage');
  expect(made({ pod }).spec?.containers[0]?.resources).toMatchObject({
    limits: { 'ephemeral-storage': '20Gi' },
    requests: { 'ephemeral-storage': '1Gi' },
  });
});

test('With baseline a pod has the capabilities that sudo needs, with restricted none.', () => {
  const capabilities = (podSecurity: 'restricted' | 'baseline') => made({ podSecurity }).spec?.containers[0]?.securityContext;
  const add = ['SETUID', 'SETGID', 'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER'];
  expect(capabilities('baseline')).toEqual({ allowPrivilegeEscalation: true, capabilities: { drop: ['ALL'], add } });
  expect(capabilities('restricted')).toEqual({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
});

test('The digest is that of the workspace’s own container, and of other words in its annotations little is kept.', () => {
  const pod = made();
  const status = (name: string, imageID: string) => ({ name, imageID, image: '', ready: true, restartCount: 0 });
  pod.status = {
    containerStatuses: [status('proxy', `mesh/proxy@sha256:${'0'.repeat(64)}`), status('workspace', `a/b@${DIGEST}`)],
  };
  const annotate = (text: string) => Object.assign(pod.metadata?.annotations ?? {}, { 'perennial/warnings': text });
  annotate(JSON.stringify([7, ...Array.from({ length: 50 }, () => 'x'.repeat(10_000))]));
  const { digest, warnings } = describeStarted(pod);
  expect([digest, warnings.length, warnings[0]?.length]).toEqual([DIGEST, 9, 500]);
  annotate('{"not": "a list"}');
  expect(describeStarted(pod).warnings).toEqual([]);
  annotate('no JSON');
  expect(describeStarted(pod).warnings).toEqual([]);
});

describe('The network policy', () => {
  const { spec } = networkPolicy(CLUSTER_DEFAULTS.network) as unknown as {
    spec: { egress: { ports?: object[]; to: { ipBlock?: { cidr: string; except?: string[] } }[] }[] };
  };
  const [gateway, dns, internet] = spec.egress;

  test('opens the port of the gateway to the gateway’s pods alone.', () => {
    const gatewayPods = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'perennial-system' } },
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'perennial-gateway' } },
    };
    expect(gateway).toEqual({ ports: [{ protocol: 'TCP', port: 8080 }], to: [gatewayPods] });
  });

  test('opens port 53 to the name service and to the cache on the node, and to no other pod.', () => {
    expect(dns?.to).toEqual([
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
      { ipBlock: { cidr: '169.254.20.10/32' } },
    ]);
  });

  test.each(['168.63.129.16/32', '240.0.0.0/4', '198.18.0.0/15', '64:ff9b::/96', '100.64.0.0/10', 'fc00::/7'])(
    'closes %s.',
    (range) => {
      const version = range.includes(':') ? '::/0' : '0.0.0.0/0';
      const block = internet?.to.find(({ ipBlock }) => ipBlock?.cidr === version)?.ipBlock;
      expect(block?.except).toContain(range);
    },
  );
});

/** The two parts of a start: the first holds a slot and creates the pod at once, the second waits. */
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { awaitPod } from '../../../src/runtimes/kubernetes/await-pod';
import { beginPod } from '../../../src/runtimes/kubernetes/begin-pod';
import type { ClusterContext } from '../../../src/runtimes/kubernetes/context';
import { CLUSTER_DEFAULTS } from '../../../src/runtimes/kubernetes/settings';
import { NO_EVENTS, NO_NETWORK } from '../../support/kubernetes/fake-pods';
import { LABELS } from '../../support/kubernetes/pod-objects';
import { patiently, podSpec } from '../../support/runtimes/contract-harness';

const FACTS = { digest: null, user: 'coder', uid: 1000, gid: 1000, home: '/home/coder', shell: '/bin/sh' };
const DIGEST = `sha256:${'1'.repeat(64)}`;

const GONE = `sha256:${'9'.repeat(64)}`;

/** A cluster in which no pod ever gets a node, and these references were inspected; one digest was found to be gone. */
function fullCluster(...known: string[]) {
  const made: string[] = [];
  const inspected: string[] = [];
  const claim = { metadata: { name: 'ws-w1-home', uid: 'home-1', labels: { ...LABELS, 'perennial/build': '1' } } };
  let pod: V1Pod | null = null;
  const api = {
    pods: {
      read: async () => pod,
      create: async (namespace: string, body: V1Pod) => {
        made.push(body.spec?.containers[0]?.image ?? '');
        pod = { ...body, metadata: { ...body.metadata, namespace, uid: `uid-${made.length}` }, status: { phase: 'Pending' } };
        return pod;
      },
    },
    claims: { read: async () => claim as V1PersistentVolumeClaim, merge: async () => claim },
    namespaces: { read: async (name: string) => ({ metadata: { name } }) },
  };
  const find = async ({ reference }: { reference: string }) => {
    inspected.push(reference);
    return known.includes(reference) ? FACTS : new Promise(() => {});
  };
  const images = {
    find,
    knows: (reference: string) => known.includes(reference),
    isGone: (reference: string) => reference.endsWith(GONE),
    forget: () => {},
  };
  const pods = { note: () => {}, waitFor: () => new Promise(() => {}) };
  const cluster = {
    api,
    events: NO_EVENTS,
    network: NO_NETWORK,
    pods,
    images,
    settings: CLUSTER_DEFAULTS,
    namespaceOf: () => 'perennial-default',
  } as unknown as ClusterContext;
  const spec = (digest: string | null) => podSpec({ build: 3, home: 'home-1', image: 'e2e.local/tools:1', digest });
  const begin = (digest: string | null = null) => beginPod(cluster, spec(digest), patiently());
  const wait = () => awaitPod(cluster, spec(null), patiently());
  return { begin, wait, made, inspected };
}

test('A pod that waits for a node is created once, and another activity waits for it.', async () => {
  const { begin, made } = fullCluster('e2e.local/tools:1');
  expect(await begin()).toBeNull();
  expect(await begin()).toBeNull();
  expect(made).toEqual(['e2e.local/tools:1']);
});

test.each([null, DIGEST])(
  'Of an image that was not inspected, by tag or digest %p, no pod is created and nothing is pulled.',
  async (digest) => {
    const { begin, made, inspected } = fullCluster();
    expect(await begin(digest)).toBeNull();
    expect([made, inspected]).toEqual([[], []]);
  },
);

test.each(['sha256:cut-off', GONE])(
  'The digest %p, which ran before, gives way to the tag, whose pod is created at once.',
  async (digest) => {
    const { begin, made } = fullCluster('e2e.local/tools:1');
    expect(await begin(digest)).toBeNull();
    expect(made).toEqual(['e2e.local/tools:1']);
  },
);

test('The inspection of an image is waited for without a slot, and the pod is created in a slot afterwards.', async () => {
  const { begin, wait, made, inspected } = fullCluster('e2e.local/tools:1');
  expect(await wait()).toBeNull();
  expect([made, inspected]).toEqual([[], ['e2e.local/tools:1']]);
  expect(await begin()).toBeNull();
  expect(made).toEqual(['e2e.local/tools:1']);
});

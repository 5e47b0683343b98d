/** A build that is ended while its pod is created, between the check of the fence and the creation. */
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import type { ClusterContext } from '../../../src/runtimes/kubernetes/context';
import { ENDED, SEEDED } from '../../../src/runtimes/kubernetes/home/claim';
import { labelsOf } from '../../../src/runtimes/kubernetes/labels';
import { claimName } from '../../../src/runtimes/kubernetes/object-names';
import { CLUSTER_DEFAULTS } from '../../../src/runtimes/kubernetes/settings';
import { startPod } from '../../../src/runtimes/kubernetes/start-pod';
import { failure, NO_EVENTS, NO_NETWORK } from '../../support/kubernetes/fake-pods';
import { RUNNING } from '../../support/kubernetes/pod-objects';
import { expectFailure, patiently, podSpec, REF } from '../../support/runtimes/contract-harness';

const BUILD = 5;
const FACTS = { digest: null, user: 'coder', uid: 1000, gid: 1000, home: '/home/coder', shell: '/bin/sh' };

/** One home and its pod, with what happens when the pod is made. */
function cluster(onCreate: (builds: { end(build: number): void }) => void) {
  const claim: V1PersistentVolumeClaim = {
    metadata: {
      name: claimName(REF.id),
      uid: 'home-1',
      labels: labelsOf(REF, { build: BUILD - 1, spec: {}, installation: null }),
      annotations: { [SEEDED]: '1000' },
    },
  };
  const annotations = claim.metadata?.annotations ?? {};
  let pod: V1Pod | null = null;
  const api = {
    claims: {
      read: async () => structuredClone(claim),
      async merge(_at: object, { metadata }: { metadata: { labels?: object; annotations?: object } }) {
        Object.assign(claim.metadata?.labels ?? {}, metadata.labels);
        Object.assign(annotations, metadata.annotations);
        return structuredClone(claim);
      },
    },
    namespaces: { read: async () => ({ metadata: { name: 'perennial-default' } }) },
    pods: {
      read: async () => pod,
      async create(namespace: string, body: V1Pod) {
        pod = { ...body, metadata: { ...body.metadata, namespace, uid: 'uid-1' }, status: RUNNING };
        onCreate({ end: (build) => Object.assign(annotations, { [ENDED]: String(build) }) });
        return pod;
      },
      async delete() {
        pod = null;
      },
    },
  };
  const pods = { note: () => undefined, waitFor: async (_at: object, test: (pod: V1Pod | null) => unknown) => test(pod) };
  const settings = CLUSTER_DEFAULTS;
  const images = { find: async () => FACTS, isGone: () => false, forget: () => undefined };
  const cluster = {
    api,
    events: NO_EVENTS,
    network: NO_NETWORK,
    pods,
    images,
    settings,
    namespaceOf: () => 'perennial-default',
  } as unknown as ClusterContext;
  const start = () => startPod(cluster, podSpec({ build: BUILD, home: 'home-1', image: 'starter:1' }), patiently());
  return { start, podsLeft: () => (pod === null ? 0 : 1) };
}

test('A pod that was just made for a living build is kept.', async () => {
  const { start, podsLeft } = cluster(() => undefined);
  expect(await start()).toMatchObject({ build: BUILD });
  expect(podsLeft()).toBe(1);
});

test.each([
  ['was answered', () => undefined],
  [
    'was lost on its way, so that the pod is found',
    () => {
      throw failure(409);
    },
  ],
])('A pod of a build that was ended meanwhile is removed, when the making of it %s.', async (_, answer) => {
  const { start, podsLeft } = cluster(({ end }) => {
    end(BUILD);
    answer();
  });
  const { details } = await expectFailure(start(), 'StaleBuild');
  expect(details).toEqual({ found: BUILD });
  expect(podsLeft()).toBe(0);
});

/** A pod that was lost and whose image's content has gone from the registry meanwhile. */
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../../../src/runtimes/failure';
import type { ClusterContext } from '../../../src/runtimes/kubernetes/context';
import { CLUSTER_DEFAULTS } from '../../../src/runtimes/kubernetes/settings';
import { startPod } from '../../../src/runtimes/kubernetes/start-pod';
import { NO_EVENTS, NO_NETWORK } from '../../support/kubernetes/fake-pods';
import { LABELS, mainIs, RUNNING } from '../../support/kubernetes/pod-objects';
import { patiently, podSpec } from '../../support/runtimes/contract-harness';

const TAG = 'e2e.local/tools:1';
const [GONE, NOW] = [`sha256:${'0'.repeat(64)}`, `sha256:${'1'.repeat(64)}`];
const FACTS = { digest: GONE, user: 'coder', uid: 1000, gid: 1000, home: '/home/coder', shell: '/bin/sh' };
const SPEC = podSpec({ build: 1, home: 'uid-of-claim', image: TAG, digest: GONE });

/** The image was inspected while its content existed. */
function cluster() {
  const pods = new Map<string, V1Pod>();
  const made: string[] = [];
  const known = new Map([[`e2e.local/tools@${GONE}`, FACTS]]);
  const claim = { metadata: { name: 'ws-w1-home', uid: SPEC.home, labels: { ...LABELS, 'perennial/build': '1' } } };
  const missing = (image: string) => mainIs({ waiting: { reason: 'ErrImagePull', message: `${image}: not found` } });
  const create = async (namespace: string, { metadata, spec }: V1Pod) => {
    const image = spec?.containers[0]?.image ?? '';
    made.push(image);
    const statuses = (RUNNING.containerStatuses ?? []).map((one) => ({ ...one, imageID: `e2e.local/tools@${NOW}` }));
    const status = image === TAG ? { ...RUNNING, containerStatuses: statuses } : missing(image);
    const pod: V1Pod = {
      metadata: { ...metadata, namespace, uid: `uid-${made.length}` },
      spec: spec ?? { containers: [] },
      status,
    };
    pods.set(metadata?.name ?? '', pod);
    return pod;
  };
  const api = {
    pods: {
      create,
      read: async ({ name }: { name: string }) => pods.get(name) ?? null,
      delete: async ({ name }: { name: string }) => void pods.delete(name),
    },
    claims: { read: async () => claim as V1PersistentVolumeClaim, merge: async () => claim },
    namespaces: { read: async (name: string) => ({ metadata: { name } }) },
  };
  const find = async ({ reference }: { reference: string }) => {
    const facts = known.get(reference) ?? (reference === TAG ? { ...FACTS, digest: NOW } : undefined);
    if (facts === undefined) throw new RuntimeFailure('ImageNotFound', `${reference}: not found`);
    return facts;
  };
  const images = {
    find,
    knows: (reference: string) => known.has(reference),
    isGone: () => false,
    forget: (reference: string) => known.delete(reference),
  };
  const waitFor = async ({ name }: { name: string }, test: (pod: V1Pod | null) => unknown) => test(pods.get(name) ?? null);
  const cluster = {
    api,
    events: NO_EVENTS,
    network: NO_NETWORK,
    pods: { note: () => {}, waitFor },
    images,
    settings: CLUSTER_DEFAULTS,
    namespaceOf: () => 'perennial-default',
  } as unknown as ClusterContext;
  return { start: () => startPod(cluster, SPEC, patiently()), made };
}

test('What ran before and is nowhere any more gives way to what the tag stands for now, with a warning.', async () => {
  const { start, made } = cluster();
  const pod = await start();
  expect(pod).toMatchObject({ digest: NOW, warnings: [expect.stringContaining(`${GONE} of ${TAG}`)] });
  expect(made).toEqual([`e2e.local/tools@${GONE}`, TAG]);
});

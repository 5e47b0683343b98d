import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../../../src/runtimes/failure';
import type { ClusterContext } from '../../../src/runtimes/kubernetes/context';
import type { ImageFacts } from '../../../src/runtimes/kubernetes/image/image-facts';
import { CLUSTER_DEFAULTS } from '../../../src/runtimes/kubernetes/settings';
import { startPod } from '../../../src/runtimes/kubernetes/start-pod';
import { NO_EVENTS, NO_NETWORK } from '../../support/kubernetes/fake-pods';
import { LABELS, RUNNING } from '../../support/kubernetes/pod-objects';
import { patiently, podSpec } from '../../support/runtimes/contract-harness';

const TAG = 'e2e.local/tools:1';
const [OLD, NEW] = [`sha256:${'0'.repeat(64)}`, `sha256:${'1'.repeat(64)}`];
const FACTS: ImageFacts = { digest: NEW, user: 'coder', uid: 1000, gid: 1000, home: '/home/coder', shell: '/bin/bash' };
const SPEC = podSpec({ build: 1, home: 'uid-of-claim', image: TAG });

/**
 * A cluster whose one node that can have the home has the older content under the tag, while all probes go to another node. By its
 * digest each content can be had on both, if at all.
 */
function twoNodes(contents: Record<string, ImageFacts>) {
  const pods = new Map<string, V1Pod>();
  const made: string[] = [];
  const inspected: string[] = [];
  const claim = {
    metadata: { name: 'ws-w1-home', uid: SPEC.home, labels: { ...LABELS, 'perennial/build': '1' } },
  } as V1PersistentVolumeClaim;
  const create = async (namespace: string, { metadata, spec }: V1Pod) => {
    const image = spec?.containers[0]?.image ?? '';
    made.push(image);
    const imageID = image === TAG ? `e2e.local/tools@${OLD}` : image;
    const containerStatuses = (RUNNING.containerStatuses ?? []).map((status) => ({ ...status, imageID }));
    const uid = `uid-${made.length}`;
    const pod: V1Pod = {
      metadata: { ...metadata, namespace, uid },
      spec: spec ?? { containers: [] },
      status: { ...RUNNING, containerStatuses },
    };
    pods.set(metadata?.name ?? '', pod);
    return pod;
  };
  const read = async ({ name }: { name: string }) => pods.get(name) ?? null;
  const api = {
    pods: { create, read, delete: async ({ name }: { name: string }) => void pods.delete(name) },
    claims: { read: async () => claim, merge: async () => claim },
    namespaces: { read: async (name: string) => ({ metadata: { name } }) },
  };
  const find = async ({ reference }: { reference: string }) => {
    inspected.push(reference);
    const facts = reference === TAG ? FACTS : contents[reference.split('@')[1] ?? ''];
    if (facts === undefined) throw new RuntimeFailure('ImageNotFound', `${reference}: not found`);
    return facts;
  };
  const cluster = {
    api,
    events: NO_EVENTS,
    network: NO_NETWORK,
    pods: {
      note: () => {},
      waitFor: async ({ name }: { name: string }, test: (pod: V1Pod | null) => unknown) => test(pods.get(name) ?? null),
    },
    images: { find, isGone: () => false, forget: () => {} },
    settings: CLUSTER_DEFAULTS,
    namespaceOf: (organization: string) => `perennial-${organization}`,
  } as unknown as ClusterContext;
  return { start: () => startPod(cluster, SPEC, patiently()), made, inspected };
}

describe('A tag that stands for other contents on other nodes', () => {
  it('is run as its node has it, where the pod is right for that too.', async () => {
    const { start, made, inspected } = twoNodes({ [OLD]: { ...FACTS, digest: OLD }, [NEW]: FACTS });
    expect(await start()).toMatchObject({ digest: OLD, instance: 'uid-1', warnings: [] });
    expect([made, inspected]).toEqual([[TAG], [TAG, TAG, `e2e.local/tools@${OLD}`]]);
  });

  it('is run by the digest of what its node has, where the pod was made for another user or home.', async () => {
    for (const other of [{ gid: 100 }, { home: '/srv/me' }, { shell: '/bin/zsh' }, { user: 'me' }, { uid: 1001 }]) {
      const { start, made } = twoNodes({ [OLD]: { ...FACTS, digest: OLD, ...other }, [NEW]: FACTS });
      const { user, uid, home } = { ...FACTS, ...other };
      expect(await start()).toMatchObject({ digest: OLD, instance: 'uid-2', user, uid, home });
      expect(made).toEqual([TAG, `e2e.local/tools@${OLD}`]);
    }
  });

  it('is run by the digest that was inspected, where the content of its node cannot run.', async () => {
    const { start, made } = twoNodes({ [NEW]: FACTS });
    expect(await start()).toMatchObject({ digest: NEW, instance: 'uid-2', warnings: [] });
    expect(made).toEqual([TAG, `e2e.local/tools@${NEW}`]);
  });
});

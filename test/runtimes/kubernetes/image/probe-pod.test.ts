import type { V1Pod } from '@kubernetes/client-node';
import type { ClusterContext } from '../../../../src/runtimes/kubernetes/context';
import { createImageCache } from '../../../../src/runtimes/kubernetes/image/image-cache';
import { probeImage } from '../../../../src/runtimes/kubernetes/image/probe-pod';
import { MANAGED_BY } from '../../../../src/runtimes/kubernetes/labels';
import { USERS_CONTAINER } from '../../../../src/runtimes/kubernetes/pod/container-status';
import { probeManifest } from '../../../../src/runtimes/kubernetes/pod/manifest';
import { CLUSTER_DEFAULTS } from '../../../../src/runtimes/kubernetes/settings';
import { type ExecServer, startExecServer } from '../../../support/kubernetes/exec-server';
import { failure, NO_EVENTS, NO_NETWORK } from '../../../support/kubernetes/fake-pods';
import { expectFailure, patiently } from '../../../support/runtimes/contract-harness';
import { until } from '../../../support/until';

const IMAGE = 'registry.example/team/image:1';
const DIGEST = `sha256:${'ab'.repeat(32)}`;
const USERS = '1000\ncoder\n1000\n1000\n/home/coder\n/bin/bash\n';

let server: ExecServer;
beforeEach(async () => {
  server = await startExecServer();
  server.onCommand(({ reply }) => reply(USERS));
});
afterEach(() => server.end());

/** A namespace in which every probe runs at once. */
function cluster() {
  const pods = new Map<string, V1Pod>();
  const asked = { creates: 0, deletes: 0, sockets: 0 };
  const instead: { delete: (() => Promise<void>) | null; socket: (() => Promise<void>) | null } = { delete: null, socket: null };
  const api = {
    pods: {
      read: async ({ name }: { name: string }) => pods.get(name) ?? null,
      async create(namespace: string, body: V1Pod) {
        const name = body.metadata?.name ?? '';
        if (pods.has(name)) throw failure(409);
        asked.creates += 1;
        const pod = { ...body, metadata: { ...body.metadata, namespace, uid: `uid-${asked.creates}` }, status: runningAll() };
        pods.set(name, pod);
        return pod;
      },
      async delete({ name }: { name: string }) {
        asked.deletes += 1;
        await instead.delete?.();
        pods.delete(name);
      },
    },
    async socket(path: string, protocols: string[]) {
      asked.sockets += 1;
      await instead.socket?.();
      return server.target.socket(path, protocols);
    },
  };
  const waitFor = async ({ name }: { name: string }, test: (pod: V1Pod | null) => unknown) => test(pods.get(name) ?? null);
  const informer = { note: () => undefined, waitFor };
  const cluster = {
    api,
    events: NO_EVENTS,
    network: NO_NETWORK,
    pods: informer,
    settings: CLUSTER_DEFAULTS,
    namespaceOf: (name: string) => `perennial-${name}`,
  } as unknown as ClusterContext;
  const images = createImageCache();
  const image = { reference: IMAGE, organization: 'default' };
  const find = (signal = patiently().signal) => {
    const progress = { ...patiently(), signal };
    return images.find(image, progress, () => probeImage(cluster, image, progress));
  };
  return { find, asked, instead, pods };
}

function runningAll() {
  const container = (name: string) => ({
    name,
    image: IMAGE,
    imageID: `registry.example/team/image@${DIGEST}`,
    ready: true,
    restartCount: 0,
    state: { running: {} },
  });
  return { phase: 'Running', containerStatuses: ['workspace', USERS_CONTAINER].map(container) };
}

test('Many who ask for the same image at once are answered by one probe, which is removed after that.', async () => {
  const { find, asked, pods } = cluster();
  const answers = await Promise.all(Array.from({ length: 5 }, () => find()));
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toMatchObject({ digest: DIGEST, user: 'coder', uid: 1000, home: '/home/coder' });
  expect({ asked, left: pods.size }).toEqual({ asked: { creates: 1, deletes: 1, sockets: 1 }, left: 0 });
  await find();
  expect(asked.creates).toBe(1);
});

test('The refusal of an image is reported to all callers that share a probe, and the next caller probes again.', async () => {
  const { find, asked } = cluster();
  server.onCommand(({ reply }) => reply('0\nroot\n0\n0\n/root\n/bin/sh\n'));
  await Promise.all(Array.from({ length: 3 }, () => expectFailure(find(), 'ImageInvalid')));
  expect(asked.creates).toBe(1);
  server.onCommand(({ reply }) => reply(USERS));
  expect(await find()).toMatchObject({ user: 'coder' });
});

test('An aborted caller does not disturb the others, whether it started the probe or joined it.', async () => {
  const { find, instead, asked } = cluster();
  const reason = new Error('the caller has left');
  const [first, second] = [new AbortController(), new AbortController()];
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  instead.socket = () => gate;
  const [one, two, three] = [find(first.signal), find(second.signal), find()];
  await until(() => asked.sockets === 1);
  second.abort(reason);
  await expect(two).rejects.toBe(reason);
  first.abort(reason);
  letGo();
  await expect(one).rejects.toBe(reason);
  expect(await three).toMatchObject({ user: 'coder' });
});

test('A probe that cannot be removed gives its answer.', async () => {
  const { find, instead } = cluster();
  instead.delete = () => Promise.reject(failure(500));
  expect(await find()).toMatchObject({ user: 'coder' });
});

test('A probe that another worker has removed meanwhile is made again.', async () => {
  const { find, instead, pods, asked } = cluster();
  instead.socket = async () => {
    instead.socket = null;
    pods.clear();
    throw Object.assign(failure(404), { message: 'pods "probe-1" not found' });
  };
  expect(await find()).toMatchObject({ user: 'coder' });
  expect(asked.creates).toBe(2);
});

test('An unmanaged pod of the same name is neither entered nor removed.', async () => {
  const { find, asked, pods } = cluster();
  const { metadata, spec } = probeManifest(IMAGE, CLUSTER_DEFAULTS);
  const name = metadata?.name ?? '';
  expect(metadata?.labels).toEqual(MANAGED_BY);
  const unmanaged = { name, namespace: 'perennial-default', uid: 'unmanaged' };
  pods.set(name, { metadata: unmanaged, ...(spec && { spec }), status: runningAll() });
  const { message } = await expectFailure(find(), 'NotAllowed');
  expect(message).toContain(name);
  expect({ asked, left: pods.size }).toEqual({ asked: { creates: 0, deletes: 0, sockets: 0 }, left: 1 });
});

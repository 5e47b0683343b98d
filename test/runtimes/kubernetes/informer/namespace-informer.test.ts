import { createPodInformer, type PodInformer } from '../../../../src/runtimes/kubernetes/informer/pod-informer';
import { type FakePods, failure, fakePods } from '../../../support/kubernetes/fake-pods';
import { LABELS, podOf, RUNNING } from '../../../support/kubernetes/pod-objects';
import { until } from '../../../support/until';

const SECOND = { status: RUNNING, name: 'ws-w2', uid: 'uid-w2', labels: { ...LABELS, 'perennial/id': 'w2' } };

describe('The watch of a namespace informer', () => {
  let server: FakePods;
  let informer: PodInformer;
  let nowMs = 0;

  beforeEach(async () => {
    server = fakePods();
    const intervals = { firstRetryMs: 2, lastRetryMs: 10, relistMs: 600_000 };
    informer = createPodInformer(server.api, { namespaces: async () => ['perennial-default'], now: () => nowMs, intervals });
    server.keep({ status: RUNNING });
    await informer.list();
    await until(() => server.open().length === 1);
  });
  afterEach(() => informer.close());

  const watchAgain = async (count: number) => until(() => server.watches.length === count && server.open().length === 1);
  const listed = async () => (await informer.list()).map(({ metadata }) => metadata?.name);

  it('selects managed pods, starts at the version of the list, and ends by itself within five minutes.', () => {
    const [watch] = server.watches;
    expect(watch).toMatchObject({ labels: 'app.kubernetes.io/managed-by=perennial', resourceVersion: '101' });
    expect(watch?.timeoutSeconds).toBeGreaterThanOrEqual(240);
    expect(watch?.timeoutSeconds).toBeLessThanOrEqual(300);
  });

  it('continues from its last event, also a bookmark, when the server closes it.', async () => {
    const bookmark = podOf({});
    server.open()[0]?.send({ type: 'BOOKMARK', object: { ...bookmark, metadata: { resourceVersion: '150' } } });
    server.open()[0]?.close();
    await watchAgain(2);
    expect(server.watches[1]?.resourceVersion).toBe('150');
    expect(server.asked.lists).toHaveLength(1);
    server.add(SECOND);
    expect(await listed()).toEqual(['ws-w1', 'ws-w2']);
  });

  it.each([410, 500, null])('lists again after the failure %p, and knows what it missed.', async (status) => {
    server.keep(SECOND);
    server.open()[0]?.fail(failure(status));
    await watchAgain(2);
    expect(server.asked.lists).toHaveLength(2);
    expect(server.watches[1]?.resourceVersion).toBe('102');
    expect(await listed()).toEqual(['ws-w1', 'ws-w2']);
  });

  it('lists again when the last list is ten minutes old.', async () => {
    nowMs += 599_999;
    server.open()[0]?.close();
    await watchAgain(2);
    expect(server.asked.lists).toHaveLength(1);
    nowMs += 1;
    server.open()[0]?.close();
    await watchAgain(3);
    expect(server.asked.lists).toHaveLength(2);
  });

  it('is one at a time with at most one list for each, however often it fails.', async () => {
    for (let count = 2; count < 20; count++) {
      server.open()[0]?.fail(failure(null));
      await watchAgain(count);
    }
    expect([server.watches.length, server.asked.lists.length]).toEqual([19, 19]);
  });

  it('is ignored once it was given up.', async () => {
    const [old] = server.open();
    old?.fail(failure(null));
    await watchAgain(2);
    old?.send({ type: 'ADDED', object: podOf(SECOND) });
    expect(await listed()).toEqual(['ws-w1']);
  });
});

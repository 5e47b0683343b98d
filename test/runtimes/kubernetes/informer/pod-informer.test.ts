import type { V1Pod } from '@kubernetes/client-node';
import { createPodInformer, type PodInformer } from '../../../../src/runtimes/kubernetes/informer/pod-informer';
import { describePod } from '../../../../src/runtimes/kubernetes/pod/state';
import { type FakePods, failure, fakePods } from '../../../support/kubernetes/fake-pods';
import { LABELS, podOf, RUNNING } from '../../../support/kubernetes/pod-objects';
import { until } from '../../../support/until';

const MINUTE_MS = 60_000;
const FIRST_LIST_MS = 2_000;
const ELSEWHERE = 'perennial-other';
const running = (shape = {}) => ({ status: RUNNING, ...shape });
const other = (id: string, shape = {}) => {
  const labels = { ...LABELS, 'perennial/id': id };
  return { name: `ws-${id}`, uid: `uid-${id}`, labels, ...shape };
};

let server: FakePods;
let informer: PodInformer;
let namespaces: string[];
let nowMs: number;

beforeEach(() => {
  server = fakePods();
  namespaces = ['perennial-default'];
  nowMs = Date.parse('2026-11-25T06:00:00Z');
  const intervals = { firstRetryMs: 2, lastRetryMs: 10, firstListMs: FIRST_LIST_MS };
  informer = createPodInformer(server.api, { namespaces: async () => namespaces, now: () => nowMs, intervals });
});
afterEach(() => informer.close());

const listed = async () => (await informer.list()).map(nameOf);
const nameOf = (pod: V1Pod) => pod.metadata?.name;
const reasons = async () => (await informer.list()).map((pod) => describePod(pod)?.reason);
const unavailable = (words: string) => ({ type: 'RuntimeUnavailable', message: expect.stringContaining(words) });

describe('The pod informer lists', () => {
  it('nothing before the first call, and then what exists and what is added.', async () => {
    server.keep(running());
    expect(server.asked.lists).toEqual([]);
    expect(await listed()).toEqual(['ws-w1']);
    await until(() => server.open().length === 1);
    server.add(other('w2'));
    expect(await listed()).toEqual(['ws-w1', 'ws-w2']);
    server.add(running(other('w2')));
    expect((await informer.list()).map(({ status }) => status?.phase)).toEqual(['Running', 'Running']);
  });

  it('with one list and one watch for all callers.', async () => {
    await Promise.all(Array.from({ length: 20 }, () => informer.list()));
    await until(() => server.watches.length > 0);
    expect([server.asked.lists.length, server.watches.length]).toEqual([1, 1]);
  });

  it('a pod as soon as it is noted, also when a list that began before does not show it.', async () => {
    let answer = () => {};
    server.instead.list = () => new Promise((resolve) => (answer = resolve));
    const asked = informer.list();
    await until(() => server.asked.lists.length === 1);
    informer.note({ ...podOf(running()), metadata: { ...podOf({}).metadata, resourceVersion: '101' } });
    answer();
    expect((await asked).map((pod) => describePod(pod)?.running)).toEqual([true]);
  });

  it('no probe pods, which it returns separately and without tombstones.', async () => {
    server.keep({ name: 'probe-1', labels: { 'app.kubernetes.io/managed-by': 'perennial' } });
    expect(await listed()).toEqual([]);
    expect(informer.probes().map(nameOf)).toEqual(['probe-1']);
    await until(() => server.open().length === 1);
    server.remove('probe-1');
    expect([await listed(), informer.probes()]).toEqual([[], []]);
  });

  it('the pods of namespaces that are found or named later.', async () => {
    expect(await listed()).toEqual([]);
    server.keep(other('w2', { namespace: ELSEWHERE }));
    server.keep(other('w3', { namespace: 'perennial-third' }));
    informer.watch(ELSEWHERE);
    expect(await listed()).toEqual(['ws-w2']);
    namespaces = ['perennial-default', 'perennial-third'];
    expect(await listed()).toEqual(['ws-w2', 'ws-w3']);
  });
});

describe('The pod informer is certain, or reports its doubt:', () => {
  it('it fails as the list of namespaces does.', async () => {
    const broken = createPodInformer(server.api, { namespaces: () => Promise.reject(failure(null)) });
    await expect(broken.list()).rejects.toThrow('socket hang up');
  });

  it('it fails when the first list fails, and when it does not come.', async () => {
    server.instead.list = () => Promise.reject(failure(null));
    await expect(informer.list()).rejects.toMatchObject(
      unavailable('the pods in perennial-default are not known: socket hang up'),
    );
    server.instead.list = () => new Promise(() => {});
    informer.watch(ELSEWHERE);
    await expect(informer.list()).rejects.toMatchObject(unavailable('not known'));
  });

  it('it fails when the connection has been lost for more than five seconds, and is well as soon as it is back.', async () => {
    server.keep(running());
    await informer.list();
    await until(() => server.open().length === 1);
    server.instead.list = () => Promise.reject(failure(503));
    server.open()[0]?.fail(failure(null));
    await until(() => server.asked.lists.length > 2);
    nowMs += 5000;
    expect(await listed()).toEqual(['ws-w1']);
    nowMs += 1;
    await expect(informer.list()).rejects.toMatchObject(unavailable('socket hang up'));
    server.instead.list = null;
    await until(() => server.open().length === 1);
    expect(await listed()).toEqual(['ws-w1']);
  });

  it.each([403, 404])(
    'a namespace that answers %i does not affect others, and keeps the pods that were seen in it.',
    async (status) => {
      namespaces = ['perennial-default', ELSEWHERE];
      const refuse = (namespace: string) => (namespace === ELSEWHERE ? Promise.reject(failure(status)) : Promise.resolve());
      server.keep(running());
      server.keep(other('w2', { namespace: ELSEWHERE }));
      server.instead.list = refuse;
      expect(await listed()).toEqual(['ws-w1']);
      server.instead.list = null;
      await until(() => server.open().length === 2);
      server.instead.list = refuse;
      server
        .open()
        .find(({ namespace }) => namespace === ELSEWHERE)
        ?.fail(failure(status));
      nowMs += MINUTE_MS;
      expect(await listed()).toEqual(['ws-w1', 'ws-w2']);
    },
  );
});

describe('The pod informer reports an unknown namespace,', () => {
  beforeEach(() => {
    namespaces = ['perennial-default', ELSEWHERE];
    server.keep(running());
    server.keep(other('w2', { namespace: ELSEWHERE }));
  });
  const refuse = (answer: () => Promise<void>) => (namespace: string) => (namespace === ELSEWHERE ? answer() : Promise.resolve());

  it.each([
    ['is forbidden', () => Promise.reject(failure(403))],
    ['fails', () => Promise.reject(failure(500))],
    ['hangs', () => new Promise<void>(() => {})],
  ])('by name, where it %s from the start; only the first caller waits for it.', async (_, answer) => {
    server.instead.list = refuse(answer);
    const passOver = jest.fn();
    const names = async () => (await informer.list(passOver)).map(nameOf);
    expect(await names()).toEqual(['ws-w1']);
    expect(passOver.mock.calls).toEqual([[ELSEWHERE, expect.stringContaining(`the pods in ${ELSEWHERE} are not known`)]]);
    const began = performance.now();
    expect(await names()).toEqual(['ws-w1']);
    expect(performance.now() - began).toBeLessThan(FIRST_LIST_MS);
  });

  it('and lists its pods as last seen, where it is lost later.', async () => {
    expect(await listed()).toEqual(['ws-w1', 'ws-w2']);
    await until(() => server.open().length === 2);
    server.instead.list = refuse(() => Promise.reject(failure(500)));
    for (const watch of server.open()) if (watch.namespace === ELSEWHERE) watch.fail(failure(null));
    await until(() => server.asked.lists.length > 3);
    nowMs += MINUTE_MS;
    const passOver = jest.fn();
    expect((await informer.list(passOver)).map(nameOf)).toEqual(['ws-w1', 'ws-w2']);
    expect(passOver.mock.calls).toHaveLength(1);
  });
});

describe('A pod that vanished', () => {
  beforeEach(async () => {
    server.keep(running());
    await informer.list();
    await until(() => server.open().length === 1);
  });

  it('is listed as ended, with its last status, until it is forgotten.', async () => {
    const drained = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'EvictionByEvictionAPI',
      message: 'Eviction API: evicting',
    };
    server.add(running({ status: { ...RUNNING, conditions: [drained] }, deleted: true }));
    server.remove('ws-w1');
    expect(await reasons()).toEqual(['the cluster ended it (EvictionByEvictionAPI): Eviction API: evicting']);
    informer.forget('w1', 2);
    informer.forget('w2', 9);
    expect(await reasons()).toHaveLength(1);
    informer.forget('w1', 3);
    expect(await reasons()).toEqual([]);
  });

  it('is listed as ended when it was last seen running, removed by force or between watches.', async () => {
    server.lose('ws-w1');
    server.open()[0]?.fail(failure(410));
    await until(async () => (await reasons())[0] === 'the pod was deleted');
  });

  it('is replaced by a newer pod of its name.', async () => {
    server.remove('ws-w1');
    server.add(running({ uid: 'uid-2' }));
    expect((await informer.list()).map(({ metadata }) => metadata?.uid)).toEqual(['uid-2']);
  });

  it('is forgotten after 15 minutes.', async () => {
    server.remove('ws-w1');
    nowMs += 15 * MINUTE_MS - 1;
    expect(await listed()).toEqual(['ws-w1']);
    nowMs += 1;
    expect(await listed()).toEqual([]);
  });

  it('is not listed when it was forgotten before, though the next pod of the same build is.', async () => {
    informer.forget('w1', 3);
    server.remove('ws-w1');
    expect(await listed()).toEqual([]);
    server.add(running({ uid: 'uid-2' }));
    informer.forget('w1', 3);
    server.add(running({ uid: 'uid-3' }));
    server.remove('ws-w1');
    expect((await informer.list()).map(({ metadata }) => metadata?.uid)).toEqual(['uid-3']);
  });

  it('does not hide the newer pod of its name, whatever arrives late.', async () => {
    const late = server.remove('ws-w1');
    server.add(running({ uid: 'uid-2' }));
    server.open()[0]?.send({ type: 'DELETED', object: late });
    server.open()[0]?.send({ type: 'MODIFIED', object: late });
    expect((await informer.list()).map((pod) => describePod(pod))).toMatchObject([{ instance: 'uid-2', running: true }]);
  });
});

describe('A closed pod informer', () => {
  it('watches no more, and rejects every call.', async () => {
    await informer.list();
    await until(() => server.open().length === 1);
    const { signal } = new AbortController();
    const waiting = informer.waitFor({ namespace: 'perennial-default', name: 'ws-w1', signal }, () => undefined);
    informer.close();
    await expect(waiting).rejects.toMatchObject(unavailable('the runtime is closed'));
    await expect(informer.list()).rejects.toMatchObject(unavailable('the runtime is closed'));
    expect([server.open(), server.asked.lists]).toEqual([[], ['perennial-default']]);
  });
});

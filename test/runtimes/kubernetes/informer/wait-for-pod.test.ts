import { getEventListeners } from 'node:events';
import type { V1Pod } from '@kubernetes/client-node';
import { createPodInformer, type PodInformer } from '../../../../src/runtimes/kubernetes/informer/pod-informer';
import { type FakePods, failure, fakePods } from '../../../support/kubernetes/fake-pods';
import { RUNNING } from '../../../support/kubernetes/pod-objects';
import { until } from '../../../support/until';

const HERE = { namespace: 'perennial-default', name: 'ws-w1' };
const RUNS = { status: RUNNING };

describe('Waiting for a pod', () => {
  let server: FakePods;
  let informer: PodInformer;
  let nowMs = 0;
  let waiting: AbortController;

  beforeEach(() => {
    server = fakePods();
    waiting = new AbortController();
    informer = informerThatRereadsEvery(20);
  });
  afterEach(() => informer.close());

  const informerThatRereadsEvery = (rereadMs: number) => {
    const intervals = { firstRetryMs: 2, lastRetryMs: 10, rereadMs };
    return createPodInformer(server.api, { namespaces: async () => ['perennial-default'], now: () => nowMs, intervals });
  };
  const wait = <T>(test: (pod: V1Pod | null) => T | undefined) => informer.waitFor({ ...HERE, signal: waiting.signal }, test);
  const watched = async () => {
    await informer.list();
    await until(() => server.open().length === 1);
  };
  const phase = (pod: V1Pod | null) => pod?.status?.phase;

  it('is over at once when the answer is known.', async () => {
    server.keep(RUNS);
    await watched();
    expect(await wait(phase)).toBe('Running');
    expect(server.asked.reads).toEqual([]);
  });

  it('begins with an answer of the server itself, before a pod counts as gone.', async () => {
    await watched();
    server.keep(RUNS);
    expect(await wait((pod) => phase(pod) ?? 'none')).toBe('Running');
    server.lose('ws-w1');
    expect(await wait((pod) => (pod === null ? 'gone' : undefined))).toBe('gone');
    expect(await wait((pod) => phase(pod) ?? 'none')).toBe('none');
  });

  it('tests every change, and none after its answer.', async () => {
    server.keep({ uid: 'uid-0' });
    await watched();
    const seen: (string | undefined)[] = [];
    const answer = wait((pod) => {
      seen.push(pod === null ? 'none' : `${pod.metadata?.uid} ${phase(pod)}`);
      return seen.length === 5 ? 'enough' : undefined;
    });
    server.remove('ws-w1');
    server.add({ status: { phase: 'Pending' } });
    server.add(RUNS);
    server.remove('ws-w1');
    server.add({ ...RUNS, uid: 'uid-2' });
    expect(await answer).toBe('enough');
    expect(seen).toEqual(['uid-0 undefined', 'none', 'uid-1 Pending', 'uid-1 Running', 'none']);
  });

  it('reads the pod itself, at once, before a pod that is not known counts as gone.', async () => {
    server.instead.list = () => new Promise(() => {});
    server.keep(RUNS);
    informer.close();
    informer = informerThatRereadsEvery(3_600_000);
    const seen: unknown[] = [];
    const answer = wait((pod) => {
      seen.push(phase(pod));
      return pod ?? undefined;
    });
    expect(phase(await answer)).toBe('Running');
    expect(seen).toEqual(['Running']);
  });

  it('continues when the watch stalls, and the informer knows the result.', async () => {
    await watched();
    const answer = wait((pod) => (phase(pod) === 'Running' ? pod?.metadata?.uid : undefined));
    server.keep(RUNS);
    expect(await answer).toBe('uid-1');
    expect(await informer.list()).toHaveLength(1);
    server.lose('ws-w1');
    expect(await wait((pod) => (pod === null ? 'gone' : undefined))).toBe('gone');
  });

  it('tests again after each read, for tests that depend on the clock.', async () => {
    server.keep({ status: { phase: 'Pending' } });
    await watched();
    nowMs = 0;
    server.instead.read = async () => {
      nowMs += 10_000;
    };
    expect(await wait(() => (nowMs >= 20_000 ? 'too long' : undefined))).toBe('too long');
  });

  it('does not go back to a read that is older than the events of the watch.', async () => {
    server.keep({ status: { phase: 'Pending' } });
    await watched();
    const seen: (string | undefined)[] = [];
    let answer = () => {};
    server.instead.read = () => new Promise((resolve) => (answer = resolve));
    const end = wait((pod) => {
      seen.push(phase(pod) ?? 'gone');
      return seen.length > 4 ? 'enough' : undefined;
    });
    await until(() => server.asked.reads.length === 1);
    server.add(RUNS);
    answer();
    await until(() => server.asked.reads.length === 2);
    server.remove('ws-w1');
    answer();
    await end;
    expect(seen).toEqual(['Pending', 'Running', 'Running', 'gone', 'gone']);
  });

  it('does not count a pod as gone that was created during the read.', async () => {
    await watched();
    const seen: (string | undefined)[] = [];
    let answer = () => {};
    server.instead.read = () => new Promise((resolve) => (answer = resolve));
    const end = wait((pod) => {
      seen.push(phase(pod));
      return seen.length > 1 ? 'enough' : undefined;
    });
    await until(() => server.asked.reads.length === 1);
    server.add(RUNS);
    answer();
    await end;
    expect(seen).toEqual(['Running', 'Running']);
  });

  it('does not go back to events that are older than a read.', async () => {
    const old = server.keep({ status: { phase: 'Pending' } });
    await watched();
    server.keep(RUNS);
    await wait((pod) => phase(pod) === 'Running' || undefined);
    server.open()[0]?.send({ type: 'MODIFIED', object: old });
    expect(await wait(phase)).toBe('Running');
  });

  it('does not see a removed pod again in late reads.', async () => {
    server.keep(RUNS);
    await watched();
    informer.forget('w1', 3);
    server.remove('ws-w1');
    server.keep(RUNS);
    const seen: (V1Pod | null)[] = [];
    await wait((pod) => (seen.push(pod) > 3 ? true : undefined));
    expect([seen, await informer.list()]).toEqual([[null, null, null, null], []]);
  });

  it('tolerates reads that fail for half a minute.', async () => {
    await watched();
    let isWell = false;
    server.instead.read = () => (isWell ? Promise.resolve() : Promise.reject(failure(500)));
    const readTwice = async () => {
      const { length } = server.asked.reads;
      await until(() => server.asked.reads.length > length + 1);
    };
    const failed = expect(wait(() => undefined)).rejects.toThrow('the server answered 500');
    for (const well of [false, true, false]) {
      isWell = well;
      await readTwice();
      nowMs += 29_999;
    }
    await readTwice();
    nowMs += 1;
    await failed;
  });

  it('ends with the reason of its caller, and leaves no listener.', async () => {
    server.keep({ status: { phase: 'Pending' } });
    await watched();
    const seen: (string | undefined)[] = [];
    const answer = wait((pod) => void seen.push(phase(pod)));
    waiting.abort(new Error('cancelled'));
    await expect(answer).rejects.toThrow('cancelled');
    await expect(wait(() => 'never')).rejects.toThrow('cancelled');
    server.add(RUNS);
    expect(seen).toEqual(['Pending']);
    expect([getEventListeners(waiting.signal, 'abort'), server.asked.reads]).toEqual([[], []]);
  });

  it('leaves no listener when it is answered or fails.', async () => {
    server.keep(RUNS);
    await watched();
    await wait(() => true);
    const throws = () => {
      throw new Error('of the test');
    };
    await expect(wait(throws)).rejects.toThrow('of the test');
    expect(getEventListeners(waiting.signal, 'abort')).toEqual([]);
    const other = informer.waitFor(
      { ...HERE, name: 'ws-w2', signal: waiting.signal },
      () => server.asked.reads.length > 3 || undefined,
    );
    await other;
    expect(new Set(server.asked.reads)).toEqual(new Set(['ws-w2']));
  });

  it('sees an unmanaged pod without storing it in the informer.', async () => {
    await watched();
    server.keep({ ...RUNS, labels: {} });
    expect(await wait(phase)).toBe('Running');
    expect(await informer.list()).toEqual([]);
  });
});

import type { V1Pod } from '@kubernetes/client-node';
import { onAbort, sleepWithJitter } from '../../../hooks/until-aborted';
import type { Intervals, PodSource } from './namespace-informer';
import type { PodStore } from './pod-store';

/** The input of a wait. */
export interface PodWait {
  api: PodSource;
  store: PodStore;
  namespace: string;
  name: string;
  intervals: Intervals;
  now: () => number;
  signal: AbortSignal;
}

/** Calls `test` now, at every change of the pod, and after every read, until it answers with anything but undefined. */
export async function waitForPod<T>(wait: PodWait, test: (pod: V1Pod | null) => T | undefined): Promise<T> {
  const { store, name, signal } = wait;
  signal.throwIfAborted();
  const ended = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const fail = (error: unknown) => {
      ended.abort();
      reject(error);
    };
    const check = (pod: V1Pod | null) => {
      if (ended.signal.aborted) return;
      try {
        const found = test(pod);
        if (found === undefined) return;
        ended.abort();
        resolve(found);
      } catch (error) {
        fail(error);
      }
    };
    const stopHeeding = onAbort(signal, () => fail(signal.reason));
    store.changes.on(`pod/${name}`, check).on('closed', fail);
    onAbort(ended.signal, () => {
      stopHeeding();
      store.changes.off(`pod/${name}`, check).off('closed', fail);
    });
    const current = store.current(name);
    if (current) check(current);
    rereadPod(wait, check, ended.signal).catch(fail);
  });
}

/**
 * Reads the pod at once when none is known, since another process may have created it before the watch shows it, and then every few
 * seconds. A failed read is no answer; reads that fail for too long end the wait.
 */
async function rereadPod(wait: PodWait, check: (pod: V1Pod | null) => void, ended: AbortSignal): Promise<void> {
  const { api, store, namespace, name, intervals, now } = wait;
  let failingSince: number | null = null;
  if (store.current(name)) await sleepWithJitter(intervals.rereadMs, ended);
  while (!ended.aborted) {
    const since = store.version();
    try {
      const pod = store.putRead(name, await api.pods.read({ namespace, name }), since);
      failingSince = null;
      check(pod);
    } catch (error) {
      failingSince ??= now();
      if (now() - failingSince >= intervals.rereadPatienceMs) throw error;
    }
    await sleepWithJitter(intervals.rereadMs, ended);
  }
}

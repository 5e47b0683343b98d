import type { V1Pod } from '@kubernetes/client-node';
import { type Pauses, pause } from './intervals';
import type { PodView } from './pod-store';
import type { PodSource } from './reflector';

export interface PodWait {
  api: PodSource;
  view: PodView;
  namespace: string;
  name: string;
  pauses: Pauses;
  now: () => number;
  signal: AbortSignal;
}

/** Asks a pod, now and at every change, and in between now and then, until `test` has an answer. */
export async function waitForPod<T>(wait: PodWait, test: (pod: V1Pod | null) => T | undefined): Promise<T> {
  const { view, name, signal } = wait;
  signal.throwIfAborted();
  const over = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const fail = (error: unknown) => {
      over.abort();
      reject(error);
    };
    const look = (pod: V1Pod | null) => {
      if (over.signal.aborted) return;
      try {
        const found = test(pod);
        if (found === undefined) return;
        over.abort();
        resolve(found);
      } catch (error) {
        fail(error);
      }
    };
    over.signal.addEventListener('abort', view.listeners.add(name, { look, fail }));
    signal.addEventListener('abort', () => fail(signal.reason), { signal: over.signal });
    const current = view.current(name);
    if (current) look(current);
    rereadPod(wait, look, over.signal).catch(fail);
  });
}

/**
 * At once when no such pod is known: it may have been made by another so lately that the watch has not told yet. Readings that
 * fail say nothing, unless they go on failing.
 */
async function rereadPod(wait: PodWait, look: (pod: V1Pod | null) => void, over: AbortSignal): Promise<void> {
  const { api, view, namespace, name, pauses, now } = wait;
  let failingSince: number | null = null;
  if (view.current(name)) await pause(pauses.rereadMs, over);
  while (!over.aborted) {
    const mark = view.mark();
    try {
      const pod = view.putReading(name, await api.pods.read({ namespace, name }), mark);
      failingSince = null;
      look(pod);
    } catch (error) {
      failingSince ??= now();
      if (now() - failingSince >= pauses.rereadPatienceMs) throw error;
    }
    await pause(pauses.rereadMs, over);
  }
}

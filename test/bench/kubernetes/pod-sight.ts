/** The pods of one namespace by a plain watch, for those who wait for one of them. */
import { setTimeout as pause } from 'node:timers/promises';
import { CoreV1Api, type KubeConfig, type V1Pod, Watch } from '@kubernetes/client-node';

const PAUSE_MS = 200;

export interface PodSight {
  /**
   * Resolves with the moment, in epoch milliseconds, at which the watch reports the expected state of a pod; null stands for a
   * deleted pod. Earlier events count too, except deletions.
   */
  until(name: string, holds: (pod: V1Pod | null) => boolean): Promise<number>;
  close(): void;
}

interface Waiting {
  holds(pod: V1Pod | null): boolean;
  resolve(at: number): void;
}

/** Resolves when the pods that there are have been listed. A watch that ends is followed by another. */
export async function openPodSight(config: KubeConfig, namespace: string): Promise<PodSight> {
  const seen = new Map<string, V1Pod>();
  const waiting = new Map<string, Waiting[]>();
  const closing = new AbortController();
  const record = (name: string, pod: V1Pod | null) => {
    if (pod === null) seen.delete(name);
    else seen.set(name, pod);
    const all = waiting.get(name) ?? [];
    const met = all.filter(({ holds }) => holds(pod));
    if (met.length === 0) return;
    waiting.set(
      name,
      all.filter((waiter) => !met.includes(waiter)),
    );
    for (const { resolve } of met) resolve(Date.now());
  };
  const core = config.makeApiClient(CoreV1Api);
  const list = async () => {
    const { items, metadata } = await core.listNamespacedPod({ namespace });
    const names = new Set(items.map(nameOf));
    for (const name of seen.keys()) if (!names.has(name)) record(name, null);
    for (const pod of items) record(nameOf(pod), pod);
    return metadata?.resourceVersion ?? '';
  };
  const follow = async (first: string) => {
    for (let from = first; !closing.signal.aborted; from = await list().catch(() => '')) {
      await watchOnce(config, { namespace, from, signal: closing.signal }, (type, pod) =>
        record(nameOf(pod), type === 'DELETED' ? null : pod),
      );
      await pause(PAUSE_MS);
    }
  };
  void follow(await list());
  return {
    until: (name, holds) =>
      new Promise((resolve) => {
        const pod = seen.get(name);
        if (pod && holds(pod)) resolve(Date.now());
        else waiting.set(name, [...(waiting.get(name) ?? []), { holds, resolve }]);
      }),
    close: () => closing.abort(),
  };
}

/** Resolves when the watch ends, for whatever reason. */
async function watchOnce(
  config: KubeConfig,
  at: { namespace: string; from: string; signal: AbortSignal },
  onEvent: (type: string, pod: V1Pod) => void,
): Promise<void> {
  const { namespace, from, signal } = at;
  await new Promise<void>((resolve) => {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const watching = new Watch(config).watch(path, { resourceVersion: from }, onEvent, () => resolve());
    void watching.then((controller) => signal.addEventListener('abort', () => controller.abort()));
  });
}

const nameOf = ({ metadata }: V1Pod): string => metadata?.name ?? '';

export const isReady = (pod: V1Pod | null): boolean =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

export const isGone = (pod: V1Pod | null): boolean => pod === null;

/** The pods of one namespace by a plain watch, for those who wait for one of them. */
import { type KubeConfig, type V1Pod, Watch } from '@kubernetes/client-node';

export interface PodSight {
  /**
   * Resolves with the moment, in epoch milliseconds, at which the watch tells of a pod what is waited for; null stands for one that
   * was deleted. What was told before counts too, but for a deletion.
   */
  until(name: string, holds: (pod: V1Pod | null) => boolean): Promise<number>;
  close(): void;
}

interface Waiting {
  holds(pod: V1Pod | null): boolean;
  resolve(at: number): void;
  reject(error: unknown): void;
}

/** Begins with the namespace as it is. A watch that ends takes with it all who wait: the server's limit is longer than a measurement. */
export async function openPodSight(config: KubeConfig, namespace: string): Promise<PodSight> {
  const seen = new Map<string, V1Pod>();
  const waiting = new Map<string, Waiting[]>();
  let ended: Error | null = null;
  const onEvent = (type: string, pod: V1Pod) => {
    const name = pod.metadata?.name ?? '';
    const current = type === 'DELETED' ? null : pod;
    if (current === null) seen.delete(name);
    else seen.set(name, current);
    const all = waiting.get(name) ?? [];
    const met = all.filter(({ holds }) => holds(current));
    if (met.length === 0) return;
    waiting.set(
      name,
      all.filter((waiter) => !met.includes(waiter)),
    );
    for (const { resolve } of met) resolve(Date.now());
  };
  const onEnd = (error: unknown) => {
    ended = new Error(`the watch of ${namespace} ended`, { cause: error });
    for (const { reject } of [...waiting.values()].flat()) reject(ended);
  };
  const controller = await new Watch(config).watch(`/api/v1/namespaces/${namespace}/pods`, {}, onEvent, onEnd);
  return {
    until: (name, holds) =>
      new Promise((resolve, reject) => {
        const pod = seen.get(name);
        if (ended) reject(ended);
        else if (pod && holds(pod)) resolve(Date.now());
        else waiting.set(name, [...(waiting.get(name) ?? []), { holds, resolve, reject }]);
      }),
    close: () => controller.abort(),
  };
}

export const isReady = (pod: V1Pod | null): boolean =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

export const isGone = (pod: V1Pod | null): boolean => pod === null;

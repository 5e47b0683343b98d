import type { V1Pod } from '@kubernetes/client-node';

export interface Listener {
  /** At every change; null when the pod is gone. */
  look(pod: V1Pod | null): void;
  /** There will be no more changes. */
  fail(error: Error): void;
}

/** Who waits for which pod, by its name. */
export interface PodListeners {
  /** Returns what ends it. */
  add(name: string, listener: Listener): () => void;
  tell(name: string, pod: V1Pod | null): void;
  failAll(error: Error): void;
}

/** Nobody yet. */
export function createListeners(): PodListeners {
  const byName = new Map<string, Set<Listener>>();
  return {
    add(name, listener) {
      const listeners = byName.get(name) ?? new Set();
      byName.set(name, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && byName.get(name) === listeners) byName.delete(name);
      };
    },
    tell(name, pod) {
      for (const listener of [...(byName.get(name) ?? [])]) listener.look(pod);
    },
    failAll(error) {
      for (const listener of [...byName.values()].flatMap((listeners) => [...listeners])) listener.fail(error);
    },
  };
}

import type { V1Pod } from '@kubernetes/client-node';
import { isUpTo, nameOf } from '../labels';

/** Pods that vanished. Their last words are kept for a while, for those who look in only now and then. */
export interface PodGraves {
  /** `isTold`: nobody needs to hear of it, but it is dead all the same. */
  bury(last: V1Pod, isTold: boolean): void;
  /** Whether this very pod is dead: an answer that is late may still show it. */
  has(pod: V1Pod): boolean;
  /** Those that nobody was told of, as ended. */
  untold(): V1Pod[];
  /** There is a newer pod in its place. */
  clear(name: string): void;
  forget(id: string, build: number): void;
}

/** No graves yet. `keepMs`: how long each is kept. */
export function createGraves(keepMs: number, now: () => number): PodGraves {
  const graves = new Map<string, { pod: V1Pod; isTold: boolean; until: number }>();
  const clearOld = () => {
    for (const [name, { until }] of graves) if (until <= now()) graves.delete(name);
  };
  return {
    bury(last, isTold) {
      // Not every worker has a watch that ever asks for the untold.
      clearOld();
      graves.set(nameOf(last), { pod: asDeleted(last, now()), isTold, until: now() + keepMs });
    },
    has: (pod) => graves.get(nameOf(pod))?.pod.metadata?.uid === pod.metadata?.uid,
    untold() {
      clearOld();
      return [...graves.values()].filter(({ isTold }) => !isTold).map(({ pod }) => pod);
    },
    clear: (name) => void graves.delete(name),
    forget(id, build) {
      for (const grave of graves.values()) if (isUpTo(grave.pod, id, build)) grave.isTold = true;
    },
  };
}

/** What was last seen of a pod that vanished unseen may say that it runs. */
function asDeleted(last: V1Pod, nowMs: number): V1Pod {
  const deletionTimestamp = last.metadata?.deletionTimestamp ?? new Date(nowMs);
  return { ...last, metadata: { ...last.metadata, deletionTimestamp } };
}

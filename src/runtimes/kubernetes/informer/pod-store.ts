import type { V1Pod } from '@kubernetes/client-node';
import { isOurs, isProbe, isUpTo, nameOf } from '../labels';
import { createListeners, type PodListeners } from './listeners';
import { createGraves } from './tombstones';
import { leanPod } from './trim-pod';

/** What is known of the pods of one namespace, put together from lists, a watch, and single readings. */
export interface PodView {
  /** The pod of that name as last seen. That there is none may only mean that none was told of yet. */
  current(name: string): V1Pod | undefined;
  /** All pods there are, and those that vanished unheard, as ended. */
  pods(): V1Pod[];
  /** An event of the watch, or a pod that somebody just made or read. */
  put(pod: V1Pod): void;
  /** An event of the watch. */
  remove(last: V1Pod): void;
  /** To be taken before a list or a reading begins: what the watch tells meanwhile is newer than its answer. */
  mark(): number;
  putList(pods: V1Pod[], mark: number): void;
  /** A reading of one name, null when there is none. The answer is the newest that is known then. */
  putReading(name: string, pod: V1Pod | null, mark: number): V1Pod | null;
  /** Nobody needs to hear of the end of this build's pod, or of an older one's: it is known, or was wanted. */
  forget(id: string, build: number): void;
  readonly listeners: PodListeners;
}

export interface ViewOptions {
  now: () => number;
  tombstoneMs: number;
}

interface Entry {
  pod: V1Pod;
  /** On the scale of `mark`. */
  toldAt: number;
  isForgotten: boolean;
}

/** An empty view. */
export function createPodView({ now, tombstoneMs }: ViewOptions): PodView {
  const entries = new Map<string, Entry>();
  const graves = createGraves(tombstoneMs, now);
  const listeners = createListeners();
  let told = 0;

  const set = (pod: V1Pod) => {
    const known = entries.get(nameOf(pod));
    if (graves.has(pod) || (known && isOlder(pod, known.pod))) return;
    const lean = leanPod(pod);
    const isSame = known?.pod.metadata?.uid === pod.metadata?.uid;
    entries.set(nameOf(pod), { pod: lean, toldAt: told, isForgotten: isSame && known?.isForgotten === true });
    graves.clear(nameOf(pod));
    listeners.tell(nameOf(pod), lean);
  };
  const drop = (last: V1Pod) => {
    const isForgotten = entries.get(nameOf(last))?.isForgotten === true;
    entries.delete(nameOf(last));
    graves.bury(last, isForgotten || isProbe(last));
    listeners.tell(nameOf(last), null);
  };
  const current = (name: string) => entries.get(name)?.pod;

  return {
    current,
    pods: () => [...[...entries.values()].map(({ pod }) => pod), ...graves.untold()],
    put(pod) {
      told++;
      set(pod);
    },
    remove(last) {
      told++;
      if (entries.get(nameOf(last))?.pod.metadata?.uid === last.metadata?.uid) drop(last);
    },
    mark: () => told,
    putList(pods, mark) {
      const listed = new Set(pods.map(nameOf));
      const gone = [...entries.values()].filter(({ pod, toldAt }) => !listed.has(nameOf(pod)) && toldAt <= mark);
      for (const { pod } of gone) drop(pod);
      for (const pod of pods) set(pod);
    },
    putReading(name, pod, mark) {
      const known = current(name);
      if (pod !== null && !isOurs(pod)) return pod;
      if (pod !== null) set(pod);
      else if (known && told === mark) drop(known);
      return current(name) ?? null;
    },
    forget(id, build) {
      for (const entry of entries.values()) if (isUpTo(entry.pod, id, build)) entry.isForgotten = true;
      graves.forget(id, build);
    },
    listeners,
  };
}

/** Versions count up over all pods of a cluster; ones that are no numbers are taken in the order in which they come. */
function isOlder(pod: V1Pod, known: V1Pod): boolean {
  return Number(pod.metadata?.resourceVersion) < Number(known.metadata?.resourceVersion);
}

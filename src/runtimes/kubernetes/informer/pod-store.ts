import { EventEmitter } from 'node:events';
import type { V1Pod } from '@kubernetes/client-node';
import { isManaged, isProbe, isUpTo, nameOf } from '../labels';
import { trimPod } from './trim-pod';

/** The pods of one namespace, merged from lists, a watch, and single reads, with a tombstone for each that vanished. */
export interface PodStore {
  /** The pod of that name as last seen. Without one, the pod may still exist unseen. */
  current(name: string): V1Pod | undefined;
  /** All live pods, and pods that end or have ended and whose end was not reported. */
  pods(): V1Pod[];
  /** Stores a pod from the watch, or from a creation or read just now. */
  put(pod: V1Pod): void;
  /** Removes a pod that the watch reported as deleted. */
  remove(last: V1Pod): void;
  /** A version of the store, taken before a list or a read begins: what the watch reports meanwhile is newer than the answer. */
  version(): number;
  /** Merges a complete list; pods that it lacks, and that were put before it began, vanished. */
  putList(pods: V1Pod[], since: number): void;
  /** Merges a read of one name, null when there is no such pod. Returns the newest that is known then. */
  putRead(name: string, pod: V1Pod | null, since: number): V1Pod | null;
  /** Marks the end of this build's pod, and of older ones, as reported: the caller knows or wanted it. */
  forget(id: string, build: number): void;
  readonly changes: PodChanges;
}

/** Emits `pod/NAME` at each change of a pod, with null when it is gone, and `closed` when no change will follow. */
export type PodChanges = EventEmitter<{ closed: [Error]; [name: `pod/${string}`]: [V1Pod | null] }>;

/** The options of a store. */
export interface PodStoreOptions {
  /** Epoch milliseconds. */
  now: () => number;
  /** How long a pod that vanished stays known. */
  tombstoneMs: number;
}

interface Entry {
  pod: V1Pod;
  /** The store's version when the pod was put. */
  putAt: number;
  isReported: boolean;
}

/** An empty store. */
export function createPodStore({ now, tombstoneMs }: PodStoreOptions): PodStore {
  const entries = new Map<string, Entry>();
  const tombstones = createTombstones(tombstoneMs, now);
  const changes: PodChanges = new EventEmitter();
  changes.setMaxListeners(0);
  let version = 0;

  const set = (pod: V1Pod) => {
    const known = entries.get(nameOf(pod));
    if (tombstones.has(pod) || (known && isOlder(pod, known.pod))) return;
    const trimmed = trimPod(pod);
    const isSame = known?.pod.metadata?.uid === pod.metadata?.uid;
    entries.set(nameOf(pod), { pod: trimmed, putAt: version, isReported: isSame && known?.isReported === true });
    tombstones.clear(nameOf(pod));
    changes.emit(`pod/${nameOf(pod)}`, trimmed);
  };
  const drop = (last: V1Pod) => {
    const isReported = entries.get(nameOf(last))?.isReported === true;
    entries.delete(nameOf(last));
    tombstones.add(last, isReported || isProbe(last));
    changes.emit(`pod/${nameOf(last)}`, null);
  };
  const current = (name: string) => entries.get(name)?.pod;

  return {
    current,
    pods: () => [...[...entries.values()].filter(isListed).map(({ pod }) => pod), ...tombstones.unreported()],
    put(pod) {
      version++;
      set(pod);
    },
    remove(last) {
      version++;
      if (entries.get(nameOf(last))?.pod.metadata?.uid === last.metadata?.uid) drop(last);
    },
    version: () => version,
    putList(pods, since) {
      const listed = new Set(pods.map(nameOf));
      const gone = [...entries.values()].filter(({ pod, putAt }) => !listed.has(nameOf(pod)) && putAt <= since);
      for (const { pod } of gone) drop(pod);
      for (const pod of pods) set(pod);
    },
    putRead(name, pod, since) {
      const known = current(name);
      if (pod !== null && !isManaged(pod)) return pod;
      if (pod !== null) set(pod);
      else if (known && version === since) drop(known);
      return current(name) ?? null;
    },
    forget(id, build) {
      for (const entry of entries.values()) if (isUpTo(entry.pod, id, build)) entry.isReported = true;
      tombstones.forget(id, build);
    },
    changes,
  };
}

/** A pod that is deleted on purpose is no loss, neither while it ends nor afterwards. */
function isListed({ pod, isReported }: Entry): boolean {
  return !isReported || pod.metadata?.deletionTimestamp === undefined;
}

/** Resource versions count up over all pods of a cluster; versions that are not numbers count in the order of their arrival. */
function isOlder(pod: V1Pod, known: V1Pod): boolean {
  return Number(pod.metadata?.resourceVersion) < Number(known.metadata?.resourceVersion);
}

/** The last status of pods that vanished, kept for callers that list only every few minutes. */
export interface Tombstones {
  /** `isReported`: no list has to show its end. */
  add(last: V1Pod, isReported: boolean): void;
  /** Whether the pod of this uid is dead: a late answer may still show it. */
  has(pod: V1Pod): boolean;
  /** Those whose end was not reported, as ended pods. */
  unreported(): V1Pod[];
  /** A newer pod has the name. */
  clear(name: string): void;
  forget(id: string, build: number): void;
}

/** No tombstones. `keepMs`: how long each is kept. */
export function createTombstones(keepMs: number, now: () => number): Tombstones {
  const tombstones = new Map<string, { pod: V1Pod; isReported: boolean; until: number }>();
  const removeExpired = () => {
    for (const [name, { until }] of tombstones) if (until <= now()) tombstones.delete(name);
  };
  return {
    add(last, isReported) {
      // Not every worker has a watch that lists, and so expires, tombstones.
      removeExpired();
      tombstones.set(nameOf(last), { pod: asDeleted(last, now()), isReported, until: now() + keepMs });
    },
    has: (pod) => tombstones.get(nameOf(pod))?.pod.metadata?.uid === pod.metadata?.uid,
    unreported() {
      removeExpired();
      return [...tombstones.values()].filter(({ isReported }) => !isReported).map(({ pod }) => pod);
    },
    clear: (name) => void tombstones.delete(name),
    forget(id, build) {
      for (const tombstone of tombstones.values()) if (isUpTo(tombstone.pod, id, build)) tombstone.isReported = true;
    },
  };
}

/** The last status of a pod that vanished unseen may still be running. */
function asDeleted(last: V1Pod, nowMs: number): V1Pod {
  const deletionTimestamp = last.metadata?.deletionTimestamp ?? new Date(nowMs);
  return { ...last, metadata: { ...last.metadata, deletionTimestamp } };
}

import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { sleepWithJitter } from '../../../hooks/until-aborted';
import type { ClusterApi } from '../api/cluster-api';
import { MANAGED_SELECTOR } from '../labels';
import { createPodStore, type PodStore } from './pod-store';

/** The calls of the pod informer. */
export interface PodSource {
  pods: Pick<ClusterApi['pods'], 'list' | 'watch' | 'read'>;
}

/** The times of the pod informer; tests shorten them. */
export interface Intervals {
  /** Between reads of a pod for which a caller waits, in case the watch stalls. */
  rereadMs: number;
  /** How long such reads may fail before the wait does. */
  rereadPatienceMs: number;
  /** After the first failure; each further one doubles it. */
  firstRetryMs: number;
  /** The longest delay between retries. */
  lastRetryMs: number;
  /** How old a full list may be: a watch that lost an event heals then. */
  relistMs: number;
  /** How long the connection may be lost before the store is no certain answer. */
  lostMs: number;
  /** How long a caller waits for the first list of a namespace. */
  firstListMs: number;
  /** How long a pod that vanished stays known. */
  tombstoneMs: number;
  /** The server ends a watch after this, since a longer silence looks like a dead connection. */
  watchSeconds: { atLeast: number; atMost: number };
}

/** Those in production. */
export const DEFAULT_INTERVALS: Intervals = {
  rereadMs: 5000,
  rereadPatienceMs: 30_000,
  firstRetryMs: 500,
  lastRetryMs: 15_000,
  relistMs: 10 * 60_000,
  lostMs: 5000,
  firstListMs: 5_000,
  tombstoneMs: 15 * 60_000,
  watchSeconds: { atLeast: 240, atMost: 300 },
};

/** The pods of one namespace, and whether they are known for certain. */
export interface NamespaceInformer {
  readonly store: PodStore;
  /** Waits for the first list, once, and answers why the pods are not known for certain; null when they are. */
  doubt(): Promise<string | null>;
  /** Ends the watch, and all waits with this error. */
  close(error: Error): void;
}

/** The options of a namespace informer. */
export interface NamespaceInformerOptions {
  api: PodSource;
  namespace: string;
  intervals: Intervals;
  now: () => number;
}

/** Starts to list and watch a namespace, until closed. */
export function openNamespaceInformer(options: NamespaceInformerOptions): NamespaceInformer {
  const { namespace, intervals, now } = options;
  let isListed = false;
  let lost: { since: number; error: unknown } | null = null;
  const closing = new AbortController();
  const firstList = createGate();
  const store = createPodStore({ now, tombstoneMs: intervals.tombstoneMs });

  const onListed = () => {
    [isListed, lost] = [true, null];
    firstList.open();
  };
  const onLost = (error: unknown) => {
    lost ??= { since: now(), error };
    firstList.open();
  };
  void reflect({ ...options, store, signal: closing.signal, onListed, onLost });

  return {
    store,
    async doubt() {
      await firstList.pass(intervals.firstListMs);
      if (isListed && (lost === null || now() - lost.since <= intervals.lostMs)) return null;
      return `the pods in ${namespace} are not known: ${lost === null ? 'the cluster has not answered yet' : explain(lost.error)}`;
    },
    close(error) {
      closing.abort();
      firstList.open();
      store.changes.emit('closed', error);
    },
  };
}

/** Shut until opened. A caller whose patience ends passes and opens it, so that later callers do not wait. */
function createGate(): { open(): void; pass(patienceMs: number): Promise<void> } {
  const opened = new AbortController();
  setMaxListeners(0, opened.signal);
  return {
    open: () => opened.abort(),
    async pass(patienceMs) {
      await delay(patienceMs, undefined, { signal: opened.signal }).catch(() => undefined);
      opened.abort();
    },
  };
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Reflection extends NamespaceInformerOptions {
  store: PodStore;
  signal: AbortSignal;
  /** The store is complete, and the watch adds the changes. */
  onListed(): void;
  /** The store is outdated from now on. */
  onLost(error: unknown): void;
}

/** Keeps a store up to date until aborted: lists, watches from there for some minutes, and lists again after any failure. */
async function reflect(reflection: Reflection): Promise<void> {
  const { intervals, now, signal, onLost } = reflection;
  let from: { resourceVersion: string; listedAt: number } | null = null;
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (from === null || now() - from.listedAt >= intervals.relistMs) from = await listOnce(reflection);
      const began = now();
      from.resourceVersion = await watchOnce(reflection, from.resourceVersion);
      failures = 0;
      // A server that shuts down closes watches at once.
      if (now() - began < intervals.firstRetryMs) await sleepWithJitter(intervals.firstRetryMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (from !== null && now() - from.listedAt > intervals.lastRetryMs) failures = 0;
      from = null;
      onLost(error);
      await sleepWithJitter(Math.min(intervals.lastRetryMs, intervals.firstRetryMs * 2 ** failures++), signal);
    }
  }
}

async function listOnce({ api, namespace, store, now, onListed }: Reflection) {
  const since = store.version();
  const listedAt = now();
  const { items, resourceVersion } = await api.pods.list({ namespace, labels: MANAGED_SELECTOR });
  store.putList(items, since);
  onListed();
  return { resourceVersion, listedAt };
}

/** Watches until the server ends it; returns the version from which the next watch continues. */
async function watchOnce(reflection: Reflection, from: string): Promise<string> {
  const { api, namespace, store, intervals, signal } = reflection;
  const { atLeast, atMost } = intervals.watchSeconds;
  const timeoutSeconds = Math.round(atLeast + Math.random() * (atMost - atLeast));
  let [resourceVersion, isOpen] = [from, true];
  const onEvent = ({ type, object: pod }: { type: string; object: V1Pod }) => {
    // Late events of a watch that was given up come again from the next one.
    if (!isOpen || signal.aborted) return;
    resourceVersion = pod.metadata?.resourceVersion ?? resourceVersion;
    if (type === 'DELETED') store.remove(pod);
    else if (type !== 'BOOKMARK') store.put(pod);
  };
  try {
    const watch = { namespace, labels: MANAGED_SELECTOR, resourceVersion: from, timeoutSeconds, signal };
    await api.pods.watch(watch, onEvent);
    return resourceVersion;
  } finally {
    isOpen = false;
  }
}

import type { V1Pod } from '@kubernetes/client-node';
import type { ClusterApi } from '../api/cluster-api';
import { OUR_LABELS } from '../labels';
import { type Pauses, pause } from './intervals';
import type { PodView } from './pod-store';

/** What the book asks of a cluster. */
export interface PodSource {
  pods: Pick<ClusterApi['pods'], 'list' | 'watch' | 'read'>;
}

export interface PodWatch {
  api: PodSource;
  namespace: string;
  view: PodView;
  pauses: Pauses;
  now: () => number;
  signal: AbortSignal;
  /** All pods are known now, and the watch will tell the rest. */
  onReached(): void;
  /** What is known grows old from now on. */
  onLost(error: unknown): void;
}

/** Keeps a view up to date until aborted: lists, watches from there for some minutes, and lists anew after whatever went wrong. */
export async function followPods(watch: PodWatch): Promise<void> {
  const { pauses, now, signal } = watch;
  let from: { resourceVersion: string; listedAt: number } | null = null;
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (from === null || now() - from.listedAt >= pauses.relistMs) from = await listOnce(watch);
      const began = now();
      from.resourceVersion = await watchOnce(watch, from.resourceVersion);
      failures = 0;
      // A server on its way out closes watches at once.
      if (now() - began < pauses.firstRetryMs) await pause(pauses.firstRetryMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (from !== null && now() - from.listedAt > pauses.lastRetryMs) failures = 0;
      from = null;
      watch.onLost(error);
      await pause(Math.min(pauses.lastRetryMs, pauses.firstRetryMs * 2 ** failures++), signal);
    }
  }
}

async function listOnce({
  api,
  namespace,
  view,
  now,
  onReached,
}: PodWatch): Promise<{ resourceVersion: string; listedAt: number }> {
  const mark = view.mark();
  const listedAt = now();
  const { items, resourceVersion } = await api.pods.list({ namespace, labels: OUR_LABELS });
  view.putList(items, mark);
  onReached();
  return { resourceVersion, listedAt };
}

/** Until the server closes it; returns where to go on. */
async function watchOnce(watch: PodWatch, from: string): Promise<string> {
  const { api, namespace, view, pauses, signal } = watch;
  const { atLeast, atMost } = pauses.watchSeconds;
  const timeoutSeconds = Math.round(atLeast + Math.random() * (atMost - atLeast));
  let [resourceVersion, isOpen] = [from, true];
  const onEvent = ({ type, object: pod }: { type: string; object: V1Pod }) => {
    // One that was given up may still have words on their way, which the next one tells too.
    if (!isOpen || signal.aborted) return;
    resourceVersion = pod.metadata?.resourceVersion ?? resourceVersion;
    if (type === 'DELETED') view.remove(pod);
    else if (type !== 'BOOKMARK') view.put(pod);
  };
  try {
    await api.pods.watch({ namespace, labels: OUR_LABELS, resourceVersion: from, timeoutSeconds, signal }, onEvent);
    return resourceVersion;
  } finally {
    isOpen = false;
  }
}

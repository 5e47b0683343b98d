import { EventEmitter } from 'node:events';
import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { sleepWithJitter } from '../../../hooks/until-aborted';
import type { ClusterApi } from '../api/cluster-api';
import { isEventOf } from '../pod/events';

/** The events of pods that start, from one watch for each namespace that has subscriptions. */
export interface EventInformer {
  /** Collects the events of a pod from now on until closed. Events only explain, so that nothing fails where they cannot be watched. */
  subscribe(pod: V1Pod): EventSubscription;
  /** Ends the watches. */
  close(): void;
}

/** The events of one pod. */
export interface EventSubscription {
  /** Of the pod and of its claims, in no order. */
  events(): CoreV1Event[];
  close(): void;
}

/** The calls of the informer. */
export interface EventSource {
  events: ClusterApi['events'];
}

/** A start that is retried finds the watch open. */
const LINGER_MS = 60_000;
const WATCH_SECONDS = 290;
const RETRY_MS = 5_000;
/** The newest are kept; a pod has few kinds of events, which the cluster counts up rather than repeats. */
const MAX_EVENTS = 40;

/** An informer that watches nothing before the first subscription. */
export function createEventInformer(api: EventSource, { lingerMs = LINGER_MS, retryMs = RETRY_MS } = {}): EventInformer {
  const watches = new Map<string, NamespaceWatch>();
  const endUnused = (namespace: string, watch: NamespaceWatch) => {
    if (watch.events.listenerCount('event') > 0 || watches.get(namespace) !== watch) return;
    watches.delete(namespace);
    watch.closing.abort();
  };
  return {
    subscribe(pod) {
      const namespace = pod.metadata?.namespace ?? '';
      const watch = watches.get(namespace) ?? openWatch(api, namespace, retryMs);
      watches.set(namespace, watch);
      const found = new Map<string, CoreV1Event>();
      const collect = (event: CoreV1Event) => {
        if (!isEventOf(pod, event)) return;
        const key = event.metadata.uid ?? event.metadata.name ?? '';
        // A map keeps the order of insertion: the event becomes the newest, and the oldest are dropped.
        found.delete(key);
        found.set(key, event);
        for (const oldest of found.keys()) if (found.size > MAX_EVENTS) found.delete(oldest);
      };
      watch.events.on('event', collect);
      return {
        events: () => [...found.values()],
        close() {
          watch.events.off('event', collect);
          setTimeout(() => endUnused(namespace, watch), lingerMs).unref();
        },
      };
    },
    close() {
      for (const { closing } of watches.values()) closing.abort();
      watches.clear();
    },
  };
}

/** The watch of one namespace; each subscription is a listener. */
interface NamespaceWatch {
  events: EventEmitter<{ event: [CoreV1Event] }>;
  closing: AbortController;
}

function openWatch(api: EventSource, namespace: string, retryMs: number): NamespaceWatch {
  const watch: NamespaceWatch = { events: new EventEmitter(), closing: new AbortController() };
  watch.events.setMaxListeners(0);
  void watchEvents(api, { namespace, watch, retryMs });
  return watch;
}

/** Starts at the present, since a list of all events of a namespace is expensive; an event that holds a pod up recurs. */
async function watchEvents(
  { events }: EventSource,
  { namespace, watch, retryMs }: { namespace: string; watch: NamespaceWatch; retryMs: number },
): Promise<void> {
  const { signal } = watch.closing;
  let from: string | null = null;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      from ??= await events.now(namespace);
      const at = { namespace, resourceVersion: from, timeoutSeconds: WATCH_SECONDS, signal };
      await events.watch(at, ({ type, object }) => {
        from = object.metadata.resourceVersion ?? from;
        if (type === 'ADDED' || type === 'MODIFIED') watch.events.emit('event', object);
      });
      // A server that shuts down closes watches at once.
      if (performance.now() - began < retryMs) await sleepWithJitter(retryMs, signal);
    } catch {
      from = null;
      await sleepWithJitter(retryMs, signal);
    }
  }
}

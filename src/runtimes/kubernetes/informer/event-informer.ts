import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import type { ClusterApi } from '../api/cluster-api';
import { isEventOf } from '../pod/events';
import { pause } from './intervals';

/** Which events there are of a pod that somebody waits for, from one watch for each namespace in which somebody waits. */
export interface EventBook {
  /** From now on, until it is closed. Events only explain, so that nothing fails where they cannot be had. */
  follow(pod: V1Pod): EventFeed;
  /** Ends the watches. */
  close(): void;
}

export interface EventFeed {
  /** Of the pod and of its claims, in no order. */
  events(): CoreV1Event[];
  close(): void;
}

/** What the book asks of a cluster. */
export interface EventSource {
  events: ClusterApi['events'];
}

/** A start that is tried again finds the watch open. */
const LINGER_MS = 60_000;
const WATCH_SECONDS = 290;
const RETRY_MS = 5_000;
/** Newer ones count; a pod has few kinds of them, which are counted up rather than repeated. */
const MOST_EVENTS = 40;

/** No book asks for anything before somebody waits. */
export function createEventBook(api: EventSource, { lingerMs = LINGER_MS, retryMs = RETRY_MS } = {}): EventBook {
  const rooms = new Map<string, Room>();
  const leave = (namespace: string, room: Room) => {
    if (room.feeds.size > 0 || rooms.get(namespace) !== room) return;
    rooms.delete(namespace);
    room.closing.abort();
  };
  return {
    follow(pod) {
      const namespace = pod.metadata?.namespace ?? '';
      const room = rooms.get(namespace) ?? openRoom(api, namespace, retryMs);
      rooms.set(namespace, room);
      const found = new Map<string, CoreV1Event>();
      const take = (event: CoreV1Event) => {
        if (!isEventOf(pod, event)) return;
        const key = event.metadata.uid ?? event.metadata.name ?? '';
        // What is set anew comes last, and the first goes first.
        found.delete(key);
        found.set(key, event);
        for (const oldest of found.keys()) if (found.size > MOST_EVENTS) found.delete(oldest);
      };
      room.feeds.add(take);
      return {
        events: () => [...found.values()],
        close() {
          room.feeds.delete(take);
          setTimeout(() => leave(namespace, room), lingerMs).unref();
        },
      };
    },
    close() {
      for (const { closing } of rooms.values()) closing.abort();
      rooms.clear();
    },
  };
}

/** A namespace, and who listens to its events. */
interface Room {
  feeds: Set<(event: CoreV1Event) => void>;
  closing: AbortController;
}

function openRoom(api: EventSource, namespace: string, retryMs: number): Room {
  const room: Room = { feeds: new Set(), closing: new AbortController() };
  void watchRoom(api, { namespace, room, retryMs });
  return room;
}

/** From the moment on: a list of all events of a namespace is the dearest question there is. Those that hold a pod up come again. */
async function watchRoom(
  { events }: EventSource,
  { namespace, room, retryMs }: { namespace: string; room: Room; retryMs: number },
): Promise<void> {
  const { signal } = room.closing;
  let from: string | null = null;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      from ??= await events.now(namespace);
      const at = { namespace, resourceVersion: from, timeoutSeconds: WATCH_SECONDS, signal };
      await events.watch(at, ({ type, object }) => {
        from = object.metadata.resourceVersion ?? from;
        if (type === 'ADDED' || type === 'MODIFIED') for (const take of room.feeds) take(object);
      });
      // A server on its way out closes watches at once.
      if (performance.now() - began < retryMs) await pause(retryMs, signal);
    } catch {
      from = null;
      await pause(retryMs, signal);
    }
  }
}

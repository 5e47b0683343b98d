import type { V1Pod } from '@kubernetes/client-node';
import { ApiFailure } from '../../../src/runtimes/kubernetes/api/api-error';
import type { PodSource } from '../../../src/runtimes/kubernetes/informer/namespace-informer';
import { podOf, type Shape } from './pod-objects';

type WatchAt = Parameters<PodSource['pods']['watch']>[0];
type OnEvent = Parameters<PodSource['pods']['watch']>[1];

/** A watch that a caller holds open. */
export interface OpenWatch extends WatchAt {
  /** Sends an event, also after the caller has gone. */
  send: OnEvent;
  close(): void;
  fail(error: Error): void;
}

/** The pods on a server that the test drives. */
export interface FakePods {
  api: PodSource;
  /** Changes a pod on the server without an event. */
  keep(shape: Shape): V1Pod;
  lose(name: string): void;
  /** The same, with an event to the open watches. */
  add(shape: Shape): V1Pod;
  remove(name: string): V1Pod;
  /** All watches there were, in order. */
  watches: OpenWatch[];
  open(): OpenWatch[];
  asked: { lists: string[]; reads: string[] };
  /** Run before all later lists, or reads, are answered; null removes them. */
  instead: { list: ((namespace: string) => Promise<void>) | null; read: (() => Promise<void>) | null };
}

/** An API server without pods. */
export function fakePods(): FakePods {
  const pods = new Map<string, V1Pod>();
  const watches: OpenWatch[] = [];
  const over = new Set<OpenWatch>();
  const asked: FakePods['asked'] = { lists: [], reads: [] };
  const instead: FakePods['instead'] = { list: null, read: null };
  let version = 100;

  const open = () => watches.filter((watch) => !over.has(watch) && !watch.signal.aborted);
  const keep = (shape: Shape) => {
    const pod = podOf(shape);
    const known = pods.get(pod.metadata?.name ?? '');
    const type = known?.metadata?.uid === pod.metadata?.uid ? 'MODIFIED' : 'ADDED';
    const kept = { ...pod, metadata: { ...pod.metadata, resourceVersion: String(++version) } };
    pods.set(pod.metadata?.name ?? '', kept);
    return { type, object: kept } as const;
  };
  const lose = (name: string) => {
    const last = pods.get(name);
    if (!last) throw new Error(`there is no pod ${name} to remove`);
    pods.delete(name);
    return { ...last, metadata: { ...last.metadata, resourceVersion: String(++version) } };
  };

  return {
    watches,
    open,
    asked,
    instead,
    keep: (shape) => keep(shape).object,
    lose: (name) => void lose(name),
    add(shape) {
      const event = keep(shape);
      for (const { send } of open()) send(event);
      return event.object;
    },
    remove(name) {
      const pod = lose(name);
      for (const { send } of open()) send({ type: 'DELETED', object: pod });
      return pod;
    },
    api: {
      pods: {
        async list({ namespace }) {
          asked.lists.push(namespace);
          const items = [...pods.values()].filter(({ metadata }) => metadata?.namespace === namespace);
          const resourceVersion = String(version);
          await instead.list?.(namespace);
          return { items, resourceVersion };
        },
        async read({ name }) {
          asked.reads.push(name);
          const found = pods.get(name) ?? null;
          await instead.read?.();
          return found;
        },
        watch: (at, send) => hold(at, send, watches, over),
      },
    },
  };
}

function hold(at: WatchAt, send: OnEvent, watches: OpenWatch[], over: Set<OpenWatch>): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => watch.fail(failure(null));
    const end = (settle: () => void) => {
      at.signal.removeEventListener('abort', onAbort);
      over.add(watch);
      settle();
    };
    const watch: OpenWatch = { ...at, send, close: () => end(resolve), fail: (error) => end(() => reject(error)) };
    watches.push(watch);
    at.signal.addEventListener('abort', onAbort);
  });
}

/** What the API wrapper throws: an HTTP status, or null for a connection that was lost. */
export function failure(status: number | null): ApiFailure {
  return new ApiFailure(status === null ? 'socket hang up' : `the server answered ${status}`, { status, reason: '' });
}

/** An event informer without events. */
export const NO_EVENTS = { subscribe: () => ({ events: () => [], close: () => undefined }), close: () => undefined };

/** A network probe without a result. */
export const NO_NETWORK = { probeFrom: async () => undefined, warnings: () => [] };

import type { V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../../failure';
import { isProbe } from '../labels';
import { PAUSES, type Pauses } from './intervals';
import { openShelf, type PodShelf } from './namespace-informer';
import type { PodSource } from './reflector';
import { waitForPod } from './wait-for-pod';

/** Knows all pods of ours, from one watch for each namespace, so that many may ask and wait at little cost. */
export interface PodBook {
  /**
   * All pods of workspaces; those that vanished unheard come as ended, until forgotten, followed, or 15 minutes old. `passOver` is told
   * of each namespace whose pods are not known for certain, by its name and why; it has the pods it was last seen with.
   * @throws RuntimeUnavailable when that is so of every namespace: unreachable is not gone
   */
  list(passOver?: (namespace: string, why: string) => void): Promise<V1Pod[]>;
  /** The probe pods there are, as last seen. */
  probes(): V1Pod[];
  /** The pod of this name as last seen, if there was one. */
  seen(at: { namespace: string; name: string }): V1Pod | undefined;
  /**
   * Asks `test` at once, at every change, and about every five seconds, until it answers with anything but undefined. Null stands
   * for a pod that is certainly not there. Note a pod first that was made or read elsewhere: the watch may still show the one before.
   * @throws the signal's reason; what `test` throws; RuntimeUnavailable, or the API's failure after 30 seconds without an answer
   */
  waitFor<T>(
    at: { namespace: string; name: string; signal: AbortSignal },
    test: (pod: V1Pod | null) => T | undefined,
  ): Promise<T>;
  /** Puts a pod that was just made or read in the book. */
  note(pod: V1Pod): void;
  /** The end of this build's pod, or of an older one's, need not be told: it was wanted, or is known. */
  forget(id: string, build: number): void;
  /** Watches a namespace from now on, if it is not watched yet. */
  watch(namespace: string): void;
  /** Ends the watches, and what still waits with RuntimeUnavailable. */
  close(): void;
}

export interface PodBookOptions {
  /** Where pods may be, asked anew for each list. A namespace that was given once is watched until the book is closed. */
  namespaces(): Promise<string[]>;
  now?: () => number;
  pauses?: Partial<Pauses>;
}

/** An empty book, which asks the cluster for nothing before it is asked itself. */
export function createPodBook(api: PodSource, options: PodBookOptions): PodBook {
  const { namespaces, now = Date.now } = options;
  const pauses = { ...PAUSES, ...options.pauses };
  const shelves = new Map<string, PodShelf>();
  let isClosed = false;

  const shelfOf = (namespace: string): PodShelf => {
    if (isClosed) throw closed();
    const shelf = shelves.get(namespace) ?? openShelf({ api, namespace, pauses, now });
    shelves.set(namespace, shelf);
    return shelf;
  };
  const all = () => [...shelves.values()].flatMap(({ view }) => view.pods());

  return {
    async list(passOver = () => {}) {
      for (const namespace of await namespaces()) shelfOf(namespace);
      const asked = [...shelves].map(async ([namespace, shelf]) => ({ namespace, why: await shelf.doubt() }));
      const doubts = (await Promise.all(asked)).filter(({ why }) => why !== null);
      if (isClosed) throw closed();
      const [first] = doubts;
      if (first && doubts.length === shelves.size) throw new RuntimeFailure('RuntimeUnavailable', first.why ?? '');
      for (const { namespace, why } of doubts) passOver(namespace, why ?? '');
      return all().filter((pod) => !isProbe(pod));
    },
    probes: () => all().filter(isProbe),
    seen: ({ namespace, name }) => shelves.get(namespace)?.view.current(name),
    async waitFor({ namespace, name, signal }, test) {
      const { view } = shelfOf(namespace);
      return waitForPod({ api, view, namespace, name, pauses, now, signal }, test);
    },
    note: (pod) => shelfOf(pod.metadata?.namespace ?? '').view.put(pod),
    forget(id, build) {
      for (const { view } of shelves.values()) view.forget(id, build);
    },
    watch: (namespace) => void shelfOf(namespace),
    close() {
      isClosed = true;
      for (const shelf of shelves.values()) shelf.close(closed());
    },
  };
}

function closed(): RuntimeFailure {
  return new RuntimeFailure('RuntimeUnavailable', 'the pods are not watched any more: the runtime is closed');
}

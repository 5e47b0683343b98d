import type { V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../../failure';
import { isProbe } from '../labels';
import {
  DEFAULT_INTERVALS,
  type Intervals,
  type NamespaceInformer,
  openNamespaceInformer,
  type PodSource,
} from './namespace-informer';
import { waitForPod } from './wait-for-pod';

/** Knows all managed pods from one watch for each namespace, so that many callers may list and wait at little cost. */
export interface PodInformer {
  /**
   * All pods of workspaces. A pod that ends or vanished is listed as ended until its end was reported by `forget`, another pod has its name,
   * or 15 minutes have passed since it vanished. `passOver` gets each namespace whose pods are not known for certain, and why; its pods are listed as last seen.
   * @throws RuntimeUnavailable when no namespace is known for certain: unreachable is not gone
   */
  list(passOver?: (namespace: string, why: string) => void): Promise<V1Pod[]>;
  /** The probe pods as last seen. */
  probes(): V1Pod[];
  /** The pod of this name as last seen. */
  seen(at: { namespace: string; name: string }): V1Pod | undefined;
  /**
   * Calls `test` at once, at every change, and about every five seconds, until it answers with anything but undefined. Null stands
   * for a pod that certainly does not exist. A pod that was created or read elsewhere has to be noted first: the watch may still show the
   * previous one.
   * @throws the signal's reason; what `test` throws; RuntimeUnavailable, or the API's failure after 30 seconds without an answer
   */
  waitFor<T>(
    at: { namespace: string; name: string; signal: AbortSignal },
    test: (pod: V1Pod | null) => T | undefined,
  ): Promise<T>;
  /** Stores a pod that was just created or read. */
  note(pod: V1Pod): void;
  /** Marks the end of this build's pod, and of older ones, as reported: it was wanted, or is known. */
  forget(id: string, build: number): void;
  /** Watches a namespace from now on, if it is not watched yet. */
  watch(namespace: string): void;
  /** Ends the watches, and all waits with RuntimeUnavailable. */
  close(): void;
}

/** The options of a pod informer. */
export interface PodInformerOptions {
  /** Where pods may be, called for each list. A namespace that was named once is watched until the informer is closed. */
  namespaces(): Promise<string[]>;
  /** Epoch milliseconds; the clock by default. */
  now?: () => number;
  intervals?: Partial<Intervals>;
}

/** An informer that calls the cluster only once it is called itself. */
export function createPodInformer(api: PodSource, options: PodInformerOptions): PodInformer {
  const { namespaces, now = Date.now } = options;
  const intervals = { ...DEFAULT_INTERVALS, ...options.intervals };
  const informers = new Map<string, NamespaceInformer>();
  let isClosed = false;

  const informerOf = (namespace: string): NamespaceInformer => {
    if (isClosed) throw closed();
    const informer = informers.get(namespace) ?? openNamespaceInformer({ api, namespace, intervals, now });
    informers.set(namespace, informer);
    return informer;
  };
  const all = () => [...informers.values()].flatMap(({ store }) => store.pods());

  return {
    async list(passOver = () => {}) {
      for (const namespace of await namespaces()) informerOf(namespace);
      const answers = [...informers].map(async ([namespace, informer]) => ({ namespace, why: await informer.doubt() }));
      const doubts = (await Promise.all(answers)).filter(({ why }) => why !== null);
      if (isClosed) throw closed();
      const [first] = doubts;
      if (first && doubts.length === informers.size) throw new RuntimeFailure('RuntimeUnavailable', first.why ?? '');
      for (const { namespace, why } of doubts) passOver(namespace, why ?? '');
      return all().filter((pod) => !isProbe(pod));
    },
    probes: () => all().filter(isProbe),
    seen: ({ namespace, name }) => informers.get(namespace)?.store.current(name),
    async waitFor({ namespace, name, signal }, test) {
      const { store } = informerOf(namespace);
      return waitForPod({ api, store, namespace, name, intervals, now, signal }, test);
    },
    note: (pod) => informerOf(pod.metadata?.namespace ?? '').store.put(pod),
    forget(id, build) {
      for (const { store } of informers.values()) store.forget(id, build);
    },
    watch: (namespace) => void informerOf(namespace),
    close() {
      isClosed = true;
      for (const informer of informers.values()) informer.close(closed());
    },
  };
}

function closed(): RuntimeFailure {
  return new RuntimeFailure('RuntimeUnavailable', 'the pods are not watched any more: the runtime is closed');
}

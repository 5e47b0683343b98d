import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeFailure } from '../failure';
import { ApiFailure } from './api-failure';
import type { Pauses } from './pod-pauses';
import { createPodView, type PodView } from './pod-view';
import { type PodSource, followPods } from './pod-watch';

/** The pods of one namespace, and how sure we are of them. */
export interface PodShelf {
  readonly view: PodView;
  /**
   * Waits for the first list. A namespace that is refused to us, or not there, has the pods it was last seen with, and is no trouble
   * for others.
   * @throws RuntimeUnavailable when it was never listed, or the connection has been lost for too long
   */
  checkCertain(): Promise<void>;
  /** Ends the watch, and all that wait with this error. */
  close(error: Error): void;
}

export interface ShelfOptions {
  api: PodSource;
  namespace: string;
  pauses: Pauses;
  now: () => number;
}

/** Begins to watch a namespace, once and until closed. */
export function openShelf({ api, namespace, pauses, now }: ShelfOptions): PodShelf {
  let sight: 'none' | 'all' | 'refused' = 'none';
  let lost: { since: number; error: unknown } | null = null;
  const closing = new AbortController();
  const first = createGate();
  const view = createPodView({ now, tombstoneMs: pauses.tombstoneMs });

  const onReached = () => {
    [sight, lost] = ['all', null];
    first.open();
  };
  const onLost = (error: unknown) => {
    if (error instanceof ApiFailure && (error.status === 403 || error.status === 404)) sight = 'refused';
    lost ??= { since: now(), error };
    first.open();
  };
  void followPods({ api, namespace, view, pauses, now, signal: closing.signal, onReached, onLost });

  return {
    view,
    async checkCertain() {
      await first.pass(pauses.firstListMs);
      const isFresh = sight === 'all' && (lost === null || now() - lost.since <= pauses.lostMs);
      if (isFresh || sight === 'refused') return;
      const why = lost === null ? 'the cluster has not answered yet' : explain(lost.error);
      throw new RuntimeFailure('RuntimeUnavailable', `the pods in ${namespace} are not known: ${why}`, { cause: lost?.error });
    },
    close(error) {
      closing.abort();
      first.open();
      view.listeners.failAll(error);
    },
  };
}

/** Shut until opened once; who waits in vain passes all the same, later. */
function createGate(): { open(): void; pass(patienceMs: number): Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    open: () => open(),
    async pass(patienceMs) {
      const patience = new AbortController();
      await Promise.race([opened, delay(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
      patience.abort();
    },
  };
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

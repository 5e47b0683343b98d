import { setTimeout as delay } from 'node:timers/promises';
import type { Pauses } from './intervals';
import { createPodView, type PodView } from './pod-store';
import { followPods, type PodSource } from './reflector';

/** The pods of one namespace, and how sure we are of them. */
export interface PodShelf {
  readonly view: PodView;
  /** Waits for the first list, once, and answers why it is not known for certain which pods there are; null when it is. */
  doubt(): Promise<string | null>;
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
  let isListed = false;
  let lost: { since: number; error: unknown } | null = null;
  const closing = new AbortController();
  const first = createGate();
  const view = createPodView({ now, tombstoneMs: pauses.tombstoneMs });

  const onReached = () => {
    [isListed, lost] = [true, null];
    first.open();
  };
  const onLost = (error: unknown) => {
    lost ??= { since: now(), error };
    first.open();
  };
  void followPods({ api, namespace, view, pauses, now, signal: closing.signal, onReached, onLost });

  return {
    view,
    async doubt() {
      await first.pass(pauses.firstListMs);
      if (isListed && (lost === null || now() - lost.since <= pauses.lostMs)) return null;
      return `the pods in ${namespace} are not known: ${lost === null ? 'the cluster has not answered yet' : explain(lost.error)}`;
    },
    close(error) {
      closing.abort();
      first.open();
      view.listeners.failAll(error);
    },
  };
}

/** Shut until opened once. Who waits in vain passes all the same, later, and those who come after that do not wait. */
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
      open();
    },
  };
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the parts of a round of the watch share. */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { untilAborted } from '../../hooks/until-aborted';
import type { Runtime } from '../../runtimes/runtime';

/** Items in progress at once: many within one heartbeat, and a bounded load on the server and the cluster. */
const CONCURRENCY = 20;
/** Half of the heartbeat's timeout. Work that takes longer, such as a pod that does not end, is tried again in a later round. */
const ITEM_TIMEOUT_MS = 5_000;

/** One attempt of the watch, through all its rounds. */
export interface Round {
  runtime: Runtime;
  client: Client;
  /** Losses that this attempt has reported, so that each is reported once. */
  reported: Set<string>;
  /** What differed in the last full round. The list of workflows lags behind, so only the second difference has an effect. */
  suspects: Set<string>;
  /** Organizations whose pods could not be listed completely, and why: their unlisted pods are not missing. */
  unknown: Map<string, string>;
  /** Reports progress, and what the watch waits for next. */
  progress(waitingFor: string): void;
}

/** Runs the work for each item within its time limit. A failure affects that item only, which is tried again in a later round. */
export async function forEach<T>(
  { round, items, what }: { round: Round; items: T[]; what: string },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { cancellationSignal, log } = Context.current();
  for (let first = 0; first < items.length; first += CONCURRENCY) {
    cancellationSignal.throwIfAborted();
    round.progress(`${what}: ${first} of ${items.length} are done`);
    const results = await Promise.allSettled(
      items.slice(first, first + CONCURRENCY).map((item) => {
        const signal = AbortSignal.any([cancellationSignal, AbortSignal.timeout(ITEM_TIMEOUT_MS)]);
        return untilAborted(signal, () => work(item, signal));
      }),
    );
    for (const { reason } of results.filter((result) => result.status === 'rejected')) {
      log.warn('watch: one item failed', { what, error: reason });
    }
  }
}

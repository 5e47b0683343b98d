import { setTimeout as delay } from 'node:timers/promises';

/** How long the pod book waits for what; tests shorten it. */
export interface Pauses {
  /** How often a pod that somebody waits for is read, in case the watch stalls. */
  rereadMs: number;
  /** How long such readings may fail before the waiting does. */
  rereadPatienceMs: number;
  firstRetryMs: number;
  lastRetryMs: number;
  /** How old a full list may be: a watch that lost an event heals then. */
  relistMs: number;
  /** How long the connection may be lost before what was last seen is no answer any more. */
  lostMs: number;
  /** How long a question waits for the first list of a namespace. */
  firstListMs: number;
  /** How long a pod that vanished stays known. */
  tombstoneMs: number;
  /** The server ends a watch after this, since one that is silent for longer cannot be told from a dead one. */
  watchSeconds: { atLeast: number; atMost: number };
}

export const PAUSES: Pauses = {
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

/** Waits, give or take a quarter so that many do not come at once; an abort ends it early and throws nothing. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const jittered = ms * (0.75 + Math.random() / 2);
  await delay(jittered, undefined, { signal }).catch(() => undefined);
}

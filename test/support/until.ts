import { setTimeout as delay } from 'node:timers/promises';

/** Far beyond what anything takes on a busy machine: only what never comes true runs into it. */
export const PATIENCE_MS = 120_000;

type Answer<T> = T | false | null | undefined;
type Holds<T> = () => Promise<Answer<T>> | Answer<T>;

/** Most conditions query a server, so a long wait polls less often: at most a tenth of what it already took is added to it. */
const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 500;

interface UntilOptions {
  patienceMs?: number;
  /** The pause between polls; without one it grows with the time waited. */
  pauseMs?: number;
}

/**
 * Polls until the condition gives something truthy, and resolves with that. The error says what it waited for: `what`, which may be
 * computed at the end, or the condition's own text.
 */
export function until<T>(holds: Holds<T>, options?: UntilOptions): Promise<T>;
export function until<T>(what: string | (() => string), holds: Holds<T>, options?: UntilOptions): Promise<T>;
export async function until<T>(...args: unknown[]): Promise<T> {
  const isNamed = typeof args[1] === 'function';
  const [what, holds, options = {}] = (isNamed ? args : [String(args[0]), ...args]) as [
    string | (() => string),
    Holds<T>,
    UntilOptions?,
  ];
  const { patienceMs = PATIENCE_MS, pauseMs } = options;
  const begunAt = performance.now();
  for (;;) {
    const found = await holds();
    if (found) return found;
    const waitedMs = performance.now() - begunAt;
    if (waitedMs > patienceMs)
      throw new Error(`waited ${patienceMs / 1_000} s without success until ${typeof what === 'string' ? what : what()}`);
    await delay(pauseMs ?? Math.min(Math.max(waitedMs / 10, MIN_PAUSE_MS), MAX_PAUSE_MS));
  }
}

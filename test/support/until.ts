import { setTimeout as delay } from 'node:timers/promises';

/** Far beyond what anything takes on a busy machine: only what never comes true runs into it. */
export const PATIENCE_MS = 120_000;
/** Between two polls at first, and at most: each asks a server and a worker that share the machine with the work it waits for. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
/** The pause grows with the wait, so that a poll adds at most this share to it. */
const PAUSE_SHARE = 0.1;

type Answer<T> = T | false | null | undefined;
type Holds<T> = () => Promise<Answer<T>> | Answer<T>;

interface UntilOptions {
  patienceMs?: number;
  /** A constant pause between two polls; without it the pause grows with the wait. */
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
  const beganAt = performance.now();
  for (;;) {
    const found = await holds();
    if (found) return found;
    const waitedMs = performance.now() - beganAt;
    if (waitedMs > patienceMs)
      throw new Error(`waited ${patienceMs / 1_000} s without success until ${typeof what === 'string' ? what : what()}`);
    await delay(pauseMs ?? Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, waitedMs * PAUSE_SHARE)));
  }
}

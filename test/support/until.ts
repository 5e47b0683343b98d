import { setTimeout as delay } from 'node:timers/promises';

/** Far beyond what anything takes on a busy machine: only what never comes true runs into it. */
export const PATIENCE_MS = 120_000;

type Answer<T> = T | false | null | undefined;
type Holds<T> = () => Promise<Answer<T>> | Answer<T>;

interface UntilOptions {
  patienceMs?: number;
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
  const { patienceMs = PATIENCE_MS, pauseMs = 20 } = options;
  const endsAt = performance.now() + patienceMs;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (performance.now() > endsAt)
      throw new Error(`waited ${patienceMs / 1_000} s without success until ${typeof what === 'string' ? what : what()}`);
    await delay(pauseMs);
  }
}

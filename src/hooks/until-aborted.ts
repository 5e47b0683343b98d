import { setTimeout as delay } from 'node:timers/promises';

/** Waits for work until aborted, and then throws the signal's reason. The work itself goes on to its end. */
export async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, () => reject(signal.reason));
  });
  // Work that aborts its own signal and throws is never raced with it.
  aborted.catch(() => undefined);
  try {
    const answer = await Promise.race([work(), aborted]);
    signal.throwIfAborted();
    return answer;
  } finally {
    stop();
  }
}

/** Calls the listener once, at once where the signal is aborted already. Returns a function that removes the listener. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  signal.addEventListener('abort', listener, { once: true });
  if (signal.aborted) listener();
  return () => signal.removeEventListener('abort', listener);
}

/** Sleeps for 75 to 125 % of a time, so that many callers do not act at once. An abort ends the sleep early, and throws nothing. */
export async function sleepWithJitter(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
}

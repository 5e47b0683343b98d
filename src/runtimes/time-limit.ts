import { untilAborted } from './abort';
import { RuntimeFailure } from './failure';

/** Work that must not hold its caller up for longer than this, and what a sentence calls it. */
export interface TimeLimit {
  what: string;
  limitMs: number;
  /** The caller's own, if it has one. */
  signal?: AbortSignal;
}

/**
 * Waits for work no longer than its limit, and aborts it then: a connection may live on for ever while nothing comes of it.
 * @throws RuntimeUnavailable when the limit has passed; the signal's reason; what the work throws
 */
export async function withTimeLimit<T>(given: TimeLimit, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { what, limitMs, signal } = given;
  const limited = new AbortController();
  const end = () => limited.abort(signal?.reason);
  const timer = setTimeout(() => {
    limited.abort(new RuntimeFailure('RuntimeUnavailable', `${what} did not come to an end within ${limitMs / 1_000} s`));
  }, limitMs);
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  try {
    return await untilAborted(limited.signal, () => work(limited.signal));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

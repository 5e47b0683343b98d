import { untilAborted } from '../hooks/until-aborted';
import { RuntimeFailure } from './failure';

/** Work that must not hold up its caller for longer than a limit. */
export interface TimeLimit {
  /** The subject of the message when the limit has passed. */
  what: string;
  limitMs: number;
  /** The caller's own, if it has one. */
  signal?: AbortSignal;
}

/**
 * Waits for work no longer than its limit, and aborts it then: a connection may stay open without an answer.
 * @throws RuntimeUnavailable when the limit has passed; the signal's reason; what the work throws
 */
export async function withTimeLimit<T>(limit: TimeLimit, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { what, limitMs, signal } = limit;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new RuntimeFailure('RuntimeUnavailable', `${what} did not come to an end within ${limitMs / 1_000} s`));
  }, limitMs);
  const limited = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  try {
    return await untilAborted(limited, () => work(limited));
  } finally {
    clearTimeout(timer);
  }
}

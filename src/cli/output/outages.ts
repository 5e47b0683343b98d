/** Watching that goes on while the worker or the server is away for a while. */
import { ServiceError } from '@temporalio/client';
import { RequestFailure } from '../../client';
import type { Session } from '../session';

/** A worker or a server that is away for less than this ends no watching. */
const OUTAGE_MAX_MS = 120_000;
const RETRY_PAUSE_MS = 1_000;

interface Watched {
  session: Session;
  /** What is waited for, as a part of a sentence. */
  what: () => string;
  /** Ends the watching. */
  signal: AbortSignal;
}

/**
 * What is watched outlives its worker, so watching does too. `wait` fails as soon as one of its requests does, so it is repeated after an
 * outage; it calls `onAnswer` with each answer.
 */
export async function waitThroughOutages<T>(
  { session, what, signal }: Watched,
  wait: (onAnswer: () => void) => Promise<T>,
): Promise<T> {
  let outageSince: number | null = null;
  const onAnswer = () => {
    outageSince = null;
  };
  for (;;) {
    try {
      return await wait(onAnswer);
    } catch (error) {
      const now = session.context.now();
      if (signal.aborted || !isOutage(error)) throw error;
      if (outageSince === null) session.note(`no answer; still waiting for ${what()} (${error.message})`);
      outageSince ??= now;
      if (now - outageSince > OUTAGE_MAX_MS) throw error;
      await session.context.pause(RETRY_PAUSE_MS);
    }
  }
}

/** Whether there was no answer, rather than a refusal. The SDK wraps the server's error, once or twice. */
function isOutage(error: unknown): error is Error {
  if (error instanceof RequestFailure && error.type === 'Unavailable') return true;
  return error instanceof ServiceError || (error instanceof Error && isOutage(error.cause));
}

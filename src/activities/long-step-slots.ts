/**
 * How many steps that take minutes a worker observes at once: hooks, and pods that are waited for. They share a queue with stops and
 * clean-ups, which must not wait for them. A step that finds no place gives its slot back and asks again: a slot is taken before it is
 * known for what, so that one that waited inside would hold up the others all the same.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { StepHeartbeat } from './run-step';

const FIRST_PAUSE_MS = 1_000;
/** A thousand steps that wait ask a hundred times a second between them, which is little to the server. */
const MAX_PAUSE_MS = 10_000;

/** Runs work when there is a place; else throws a retryable failure, at once. */
export type Places = <T>(work: () => Promise<T>) => Promise<T>;

/** `most` is how many at once, `what` their plural, for messages. */
export function createPlaces(most: number, what: string): Places {
  let taken = 0;
  return async (work) => {
    if (taken >= most) throw askAgain(`a place among the ${most} ${what} at once`);
    taken += 1;
    try {
      return await work();
    } finally {
      taken -= 1;
    }
  };
}

/** The wait for a place is like that for a slot: no attempt of the step, and not counted against the build's deadline. */
function askAgain(waitingFor: string): ApplicationFailure {
  const context = Context.current();
  const known = (context.info.heartbeatDetails ?? {}) as Partial<StepHeartbeat>;
  const refusals = (known.refusals ?? 0) + 1;
  context.heartbeat({ usedMs: known.usedMs ?? 0, waitingFor, refusals } satisfies StepHeartbeat);
  const nextRetryDelay = Math.min(FIRST_PAUSE_MS * 1.5 ** (refusals - 1), MAX_PAUSE_MS);
  return ApplicationFailure.create({ type: 'NoCapacity', message: `the step waits for ${waitingFor}`, nextRetryDelay });
}

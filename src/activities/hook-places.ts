/**
 * How many hooks a worker observes at once. They take minutes, and share a queue with stops and clean-ups, which must not wait for them.
 * A hook that finds no place gives its slot back and asks again: a slot is taken before it is known for what, so that one that waited
 * inside would hold up the others all the same.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { StepHeartbeat } from './step';

const FIRST_PAUSE_MS = 1_000;
/** A thousand hooks that wait ask a hundred times a second between them, which is little to the server. */
const MAX_PAUSE_MS = 10_000;

/** Runs work when there is a place; else throws a retryable failure, at once. */
export type HookPlaces = <T>(work: () => Promise<T>) => Promise<T>;

export function createHookPlaces(most: number): HookPlaces {
  let taken = 0;
  return async (work) => {
    if (taken >= most) throw askAgain(most);
    taken += 1;
    try {
      return await work();
    } finally {
      taken -= 1;
    }
  };
}

/** The wait for a place is like that for a slot: no attempt of the step, and not counted against the build's deadline. */
function askAgain(most: number): ApplicationFailure {
  const context = Context.current();
  const known = (context.info.heartbeatDetails ?? {}) as Partial<StepHeartbeat>;
  const refusals = (known.refusals ?? 0) + 1;
  const waitingFor = `a place among the ${most} hooks that this worker runs at once`;
  context.heartbeat({ usedMs: known.usedMs ?? 0, waitingFor, refusals } satisfies StepHeartbeat);
  const nextRetryDelay = Math.min(FIRST_PAUSE_MS * 1.5 ** (refusals - 1), MAX_PAUSE_MS);
  return ApplicationFailure.create({ type: 'NoCapacity', message: `the hook waits for ${waitingFor}`, nextRetryDelay });
}

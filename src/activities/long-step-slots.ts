/**
 * Slots for steps that take minutes: hooks, and pods that are waited for. They share a queue with stops and clean-ups, which must not
 * wait for them. A step without a slot returns its worker slot and is retried: the worker assigns its slot before it knows the activity,
 * so a step that waited inside would block the others.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { StepHeartbeat } from './run-step';

const FIRST_PAUSE_MS = 1_000;
/** A thousand waiting steps then retry a hundred times a second together, which is a small load for the server. */
const MAX_PAUSE_MS = 10_000;

/** Runs work in a slot; without a free one it throws a retryable failure immediately. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>;

/** `count` is how many run at once, `what` their plural, for messages. */
export function createSlots(count: number, what: string): Slots {
  let taken = 0;
  return async (work) => {
    if (taken >= count) throw retryLater(`a slot among the ${count} ${what} at once`);
    taken += 1;
    try {
      return await work();
    } finally {
      taken -= 1;
    }
  };
}

/** Waiting for a slot is no attempt of the step and does not count against the build's deadline. */
function retryLater(waitingFor: string): ApplicationFailure {
  const context = Context.current();
  const before = (context.info.heartbeatDetails ?? {}) as Partial<StepHeartbeat>;
  const refusals = (before.refusals ?? 0) + 1;
  context.heartbeat({ usedMs: before.usedMs ?? 0, waitingFor, refusals } satisfies StepHeartbeat);
  const nextRetryDelay = Math.min(FIRST_PAUSE_MS * 1.5 ** (refusals - 1), MAX_PAUSE_MS);
  return ApplicationFailure.create({ type: 'NoCapacity', message: `the step waits for ${waitingFor}`, nextRetryDelay });
}

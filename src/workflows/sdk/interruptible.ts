import { condition, isCancellation } from '@temporalio/workflow';
import { isFinal, type StepFailure } from '../workspace/rules/build-steps';
import { failureOf } from './activity-failure';
import { standaloneScope } from './root-scope';

/** The work was no longer to be observed, and came to no end of its own. */
export class Interrupted extends Error {
  constructor(readonly failure: StepFailure) {
    super('no longer observed');
    this.name = 'Interrupted';
  }
}

/**
 * Runs an activity and stops observing it as soon as `interrupted` says so; the work itself is never undone by that. Resolves with
 * the activity's result when that came first after all. Rejects with its failure, or with `Interrupted`: after a cancel was
 * requested the server tries nothing again, so a lost worker or a failure that would have been retried is no end of the work.
 */
export async function observe<T>(work: () => Promise<T>, interrupted: () => boolean): Promise<T> {
  const scope = standaloneScope();
  let isOver = false;
  let isGivenUp = false;
  const watching = standaloneScope().run(() => condition(() => isOver || interrupted()));
  void watching.then(() => {
    if (isOver) return;
    isGivenUp = true;
    scope.cancel();
  });
  try {
    return await scope.run(work);
  } catch (error) {
    const failure = failureOf(error);
    if (isCancellation(error) || ((isGivenUp || interrupted()) && !isFinal(failure.type))) throw new Interrupted(failure);
    throw error;
  } finally {
    isOver = true;
  }
}

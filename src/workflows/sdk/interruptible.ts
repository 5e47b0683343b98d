/**
 * Stops observing an activity when a condition holds. @temporalio/workflow 1.24.0 has `CancellationScope.withTimeout` and no scope that
 * ends on a condition. It can go when the SDK has such a scope, which also distinguishes an ended activity from an interrupted one.
 */
import { condition, isCancellation } from '@temporalio/workflow';
import { isFinal, type StepFailure } from '../workspace/rules/build-steps';
import { failureOf } from './activity-failure';
import { standaloneScope } from './root-scope';

/** The workflow stopped observing an activity that had not ended. */
export class Interrupted extends Error {
  constructor(
    /** What the cancelled activity reported. */
    readonly failure: StepFailure,
  ) {
    super('no longer observed');
    this.name = 'Interrupted';
  }
}

/**
 * Runs an activity and cancels it as soon as `interrupted` is true, which undoes none of its work. Resolves with the activity's result
 * when that arrived first. Rejects with its failure, or with `Interrupted`: after a cancel request the server retries nothing, so a lost
 * worker or a temporary failure does not end the work.
 */
export async function observe<T>(work: () => Promise<T>, interrupted: () => boolean): Promise<T> {
  const scope = standaloneScope();
  let isOver = false;
  let isCancelled = false;
  const interruption = standaloneScope().run(() => condition(() => isOver || interrupted()));
  void interruption.then(() => {
    if (isOver) return;
    isCancelled = true;
    scope.cancel();
  });
  try {
    return await scope.run(work);
  } catch (error) {
    const failure = failureOf(error);
    if (isCancellation(error) || ((isCancelled || interrupted()) && !isFinal(failure.type))) throw new Interrupted(failure);
    throw error;
  } finally {
    isOver = true;
  }
}

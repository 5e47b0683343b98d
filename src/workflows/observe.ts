import { condition } from '@temporalio/workflow';
import { standaloneScope } from './scope';

/**
 * Runs an activity and stops observing it as soon as `interrupted` says so; the work itself is never undone by that. Rejects with
 * the activity's failure, a cancellation among them; resolves with its result when that came first after all.
 */
export async function observe<T>(work: () => Promise<T>, interrupted: () => boolean): Promise<T> {
  const scope = standaloneScope();
  let isOver = false;
  const watching = standaloneScope().run(() => condition(() => isOver || interrupted()));
  void watching.then(() => {
    if (!isOver) scope.cancel();
  });
  try {
    return await scope.run(work);
  } finally {
    isOver = true;
  }
}

/**
 * A cancellable sleep. @temporalio/workflow 1.24.0 has `condition` with a timeout, which uses twice as many promises; workspaces sleep
 * most of the time, and each pending promise costs 1 KB or more with its stack. It can go when that one costs no more than this.
 */
import { condition, sleep } from '@temporalio/workflow';
import { standaloneScope } from './root-scope';

/**
 * Sleeps for the time, or until `isOver` is true; then the timer is cancelled. Called in a non-cancellable scope, so that the wait
 * attaches nothing to it.
 */
export function sleepUnless(isOver: () => boolean, ms: number, summary: string): Promise<void> {
  const timer = standaloneScope();
  let isDue = false;
  const onDue = () => {
    isDue = true;
  };
  // Not awaited inside the scope, where the wait itself would be one more pending promise.
  void timer.run(async () => {
    sleep(ms, { summary }).then(onDue, () => undefined);
  });
  return condition(() => isDue || isOver()).then(() => timer.cancel());
}

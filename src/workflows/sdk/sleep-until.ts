import { condition, sleep } from '@temporalio/workflow';
import { standaloneScope } from './root-scope';

/**
 * Sleeps until the time is over or `isOver` says so; a timer that is not needed any more is cancelled. Called where nothing can be
 * cancelled, so that the wait hangs nothing on the scope around it.
 *
 * Temporal's own `condition` with a timeout does the same on twice as many promises. Workspaces sleep for most of their lives, and
 * each pending promise costs 1 KB or more for as long: itself, what it leads to, and the stack that it was made on.
 */
export function sleepUnless(isOver: () => boolean, ms: number, summary: string): Promise<void> {
  const timer = standaloneScope();
  let isDue = false;
  const onDue = () => {
    isDue = true;
  };
  // Not awaited in there: the scope is for the timer to be made in, and what waits for its end inside a scope stays pending as long.
  void timer.run(async () => {
    sleep(ms, { summary }).then(onDue, () => undefined);
  });
  return condition(() => isDue || isOver()).then(() => timer.cancel());
}

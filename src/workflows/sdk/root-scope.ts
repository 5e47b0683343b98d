/**
 * @temporalio/workflow 1.24.0 attaches every scope, and every wait that can be cancelled, to the scope around it for as long as that one
 * lives. It exports no scope without a parent. This can go when ended scopes are detached from their parent.
 */
import type { CancellationScope } from '@temporalio/workflow';
import { RootCancellationScope } from '@temporalio/workflow/lib/cancellation-scope';

/**
 * A scope without a parent, for one piece of work. The scope of the loop lives as long as the run, and each child scope would keep about
 * 2 KB in every cached workspace. Temporal's cancel does not reach this scope, since it is a delete and not an interruption.
 */
export function standaloneScope(): CancellationScope {
  return new RootCancellationScope();
}

import type { CancellationScope } from '@temporalio/workflow';
import { RootCancellationScope } from '@temporalio/workflow/lib/cancellation-scope';

/**
 * A scope with no parent, for one piece of work. Every other scope, and every wait that can be cancelled, hangs something on the
 * scope around it for as long as that lives, and the loop's lives as long as the run: about 2 KB for each, in every cached workspace.
 * Temporal's own cancel does not reach into it, which is as it should be, since that is taken as a delete and not as an interruption.
 */
export function standaloneScope(): CancellationScope {
  return new RootCancellationScope();
}

/** Which workflows have ended. */
import type { WorkflowExecutionStatusName } from '@temporalio/client';

/**
 * The statuses of a workflow that has ended. Every other one counts as open: a paused workflow can be resumed, a workflow that continued as
 * new goes on in its next run, and a status that this version does not know proves no end.
 */
const CLOSED: ReadonlySet<WorkflowExecutionStatusName> = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT']);

/** Whether a workflow has ended. */
export function isClosed(status: { name: WorkflowExecutionStatusName }): boolean {
  return CLOSED.has(status.name);
}

/** Not ended, as a clause of a visibility query, for the newest run of each workflow. */
export const IS_OPEN_CLAUSE =
  "ExecutionStatus NOT IN ('Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut', 'ContinuedAsNew')";

import type { WorkflowExecutionStatusName } from '@temporalio/client';

/**
 * The statuses of a workflow that has ended. Every other one is open: a paused workflow goes on when it is resumed, one that was
 * continued as new leads on to its next run, and what a newer server may add, or leaves unspecified, proves no end.
 */
const CLOSED: ReadonlySet<WorkflowExecutionStatusName> = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT']);

export function isClosed(status: { name: WorkflowExecutionStatusName }): boolean {
  return CLOSED.has(status.name);
}

/** The same as a clause of a visibility query, for the newest run of each workflow. */
export const IS_OPEN_CLAUSE =
  "ExecutionStatus NOT IN ('Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut', 'ContinuedAsNew')";

/**
 * Refuses events that reach a workflow between two of its tasks.
 *
 * The server sends a query that waited for a worker with the history of that moment. For a signal, a timer, or an activity in it for
 * which no workflow task has started, @temporalio/workflow 1.24.0 activates the workflow nevertheless, at the time of the task before.
 * An access would then count as before an outage, and the next task could have other commands than a replay, which breaks the workflow.
 *
 * So the query fails, the worker evicts the run, and the next query or task replays it. No report upstream is known. It can go when the
 * SDK answers a query without applying events of a task that has not started.
 */
import type { ActivateInput, WorkflowInterceptors } from '@temporalio/workflow';
import { ASK_AGAIN } from '../../contract/messages';

/** A position in a history. */
export interface Position {
  /** The number of the last event that was applied. */
  length: number;
  /** In bytes, as of the start of the task; text, since it is a 64-bit number. */
  size: string;
  /** The moment that workflow code sees. */
  time: string;
}

/** One guard for each workflow; the SDK calls the export of this name. */
export function interceptors(): WorkflowInterceptors {
  let before: Position | null = null;
  return {
    internals: [
      {
        activate(input, next) {
          if (!isOnlyQueries(input)) {
            const now = positionOf(input);
            if (before && isBetweenTasks(before, now))
              throw new Error(`events arrived for which no task has started: ${ASK_AGAIN}`);
            before = now;
          }
          next(input);
        },
      },
    ],
  };
}

/** The start of a task changes all three; events without one change only the length. */
export function isBetweenTasks(before: Position, now: Position): boolean {
  return now.length !== before.length && now.size === before.size && now.time === before.time;
}

/** Such an activation changes nothing and has no position. */
function isOnlyQueries({ activation }: ActivateInput): boolean {
  return activation.jobs?.every(({ queryWorkflow }) => queryWorkflow != null) ?? false;
}

function positionOf({ activation }: ActivateInput): Position {
  const { historyLength, historySizeBytes, timestamp } = activation;
  return {
    length: historyLength ?? 0,
    size: String(historySizeBytes ?? 0),
    time: `${String(timestamp?.seconds ?? 0)}.${String(timestamp?.nanos ?? 0)}`,
  };
}

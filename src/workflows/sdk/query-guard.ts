/**
 * Keeps from a workflow what comes to it between two of its tasks.
 *
 * A query that waits for a worker is sent with the history as it is by then. Where a signal came, a timer fired, or an activity ended
 * meanwhile, and no task has started for that yet, the SDK (1.24.0) hands these events to the workflow all the same: at the time of
 * the task before, for want of a later one. An access would count as of before an outage, and the next task, answered from that,
 * could be of other commands than a replay in right order comes to, which breaks the workspace for good.
 *
 * So such events are refused: the query fails, the worker forgets the run, and the next query or task reads it anew.
 */
import type { ActivateInput, WorkflowInterceptors } from '@temporalio/workflow';
import { ASK_AGAIN } from '../../contract/messages';

/** Where the SDK is in a history. */
export interface Position {
  /** The number of the last event that was read. */
  length: number;
  /** In bytes, as of the start of the task; text, since it is a 64-bit number. */
  size: string;
  /** The moment that workflow code sees. */
  time: string;
}

/** For each workflow its own guard; the SDK looks for this name. */
export function interceptors(): WorkflowInterceptors {
  let before: Position | null = null;
  return {
    internals: [
      {
        activate(input, next) {
          if (!isOnlyQueries(input)) {
            const now = positionOf(input);
            if (before && isBetweenTasks(before, now)) throw new Error(`events came that no task has started for: ${ASK_AGAIN}`);
            before = now;
          }
          next(input);
        },
      },
    ],
  };
}

/** The start of a task moves all three; what is read beyond it without another start moves only the length. */
export function isBetweenTasks(before: Position, now: Position): boolean {
  return now.length !== before.length && now.size === before.size && now.time === before.time;
}

/** These change nothing, and tell no position. */
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

/** The failures of activities, and the refusals of what came of them, as the rules know them. */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import type { BuildFailureDetails } from '../../activities';
import { Refusal } from '../input/refusal';
import type { StepFailure } from '../workspace/rules/build-steps';

export function failureOf(error: unknown): StepFailure {
  if (error instanceof Refusal) return { type: error.type, message: error.message, details: {} };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const type = cause instanceof ApplicationFailure && cause.type ? cause.type : 'RuntimeUnavailable';
  const message = cause instanceof Error ? cause.message : String(cause);
  return { type, message, details: detailsOf(cause) };
}

function detailsOf(cause: unknown): BuildFailureDetails {
  if (cause instanceof TimeoutFailure) return { tookMs: usedMs(cause.lastHeartbeatDetails) };
  if (!(cause instanceof ApplicationFailure || cause instanceof CancelledFailure)) return {};
  const [details] = cause.details ?? [];
  return typeof details === 'object' && details !== null ? (details as BuildFailureDetails) : {};
}

/** A worker that was lost has told with its heartbeats how much of the build's deadline the step had used. */
function usedMs(heartbeat: unknown): number {
  const { usedMs: used } = (heartbeat ?? {}) as { usedMs?: unknown };
  return typeof used === 'number' && used > 0 ? used : 0;
}

/**
 * Unwraps the failures of activities. @temporalio/workflow 1.24.0 wraps each in an ActivityFailure and passes heartbeat details only in
 * a TimeoutFailure. No workaround: it stays as long as the SDK's failure classes.
 */
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import type { BuildFailureDetails } from '../../activities';
import type { StepFailure } from '../workspace/rules/build-steps';

/** The typed failure inside an error; `RuntimeUnavailable` for an error without a type. */
export function failureOf(error: unknown): StepFailure {
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

/** The last heartbeat of a lost worker says how much of the build's deadline the step had used. */
function usedMs(heartbeat: unknown): number {
  const { usedMs: used } = (heartbeat ?? {}) as { usedMs?: unknown };
  return typeof used === 'number' && used > 0 ? used : 0;
}

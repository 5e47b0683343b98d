import type { BuildView, StepView } from '../../contract/payloads';
import type { PendingStep } from '../pending-step';
import { formatTable } from './tables';
import { formatTook } from './times';

/** So often at most a line says nothing new but what a step waits for. */
const REMARK_INTERVAL_MS = 10_000;

/** A build's steps as an indented table: name, state, seconds, and what it waits for or has to say. */
export function formatSteps({
  build,
  pending = null,
  now,
}: {
  build: BuildView;
  pending?: PendingStep | null;
  now: number;
}): string[] {
  const rows = build.steps.map((step) => ['', step.name, step.state, formatTook(step, now), remark(step, pending) ?? '']);
  return formatTable(rows).split('\n');
}

/** The end of a build in lines: a line for each warning, and the failure. */
export function formatOutcome({ warnings, failure }: BuildView): string[] {
  const lines = warnings.map((warning) => `warning: ${warning}`);
  return failure === null ? lines : [...lines, `failure: ${failure.type} at ${failure.step}: ${failure.message}`];
}

/** One line for people: which build, of what, and why. */
export function formatBuildTitle(workspace: string, { number, image, cause, by }: BuildView): string {
  return `build ${number} of ${workspace}: ${image.reference} (${cause}${by === null ? '' : ` by ${by}`})`;
}

/**
 * A function that answers the lines that are new since it was called last: one for each change of a step. For pipes and logs,
 * where nothing can be redrawn; what a step waits for may change each second, so a change of that alone is shown now and then.
 */
export function createStepDiff(now: () => number): (build: BuildView, pending: PendingStep | null) => string[] {
  const shown = new Map<string, { key: string; line: string; at: number }>();
  return (build, pending) =>
    build.steps.flatMap((step) => {
      const line = describeStep(step, pending);
      const last = shown.get(step.name);
      const key = `${step.state} ${step.state === 'running' ? pending?.attempt : ''}`;
      if (line === null || last?.line === line) return [];
      if (last?.key === key && now() - last.at < REMARK_INTERVAL_MS) return [];
      shown.set(step.name, { key, line, at: now() });
      return [line];
    });
}

function describeStep(step: StepView, pending: PendingStep | null): string | null {
  if (step.state === 'waiting') return null;
  // Seconds of a running step would make each look at it another line.
  const took = step.endedAt === null || step.startedAt === null ? '' : ` in ${formatTook(step, 0)}`;
  const more = remark(step, pending);
  return `${step.name}: ${step.state}${took}${more === null ? '' : `: ${more}`}`;
}

function remark(step: StepView, pending: PendingStep | null): string | null {
  if (step.state !== 'running' || pending === null) return step.message;
  const attempt = pending.attempt > 1 ? `attempt ${pending.attempt}` : null;
  const parts = [attempt, pending.waitingFor && `waiting for ${pending.waitingFor}`, pending.lastFailure].filter(Boolean);
  return parts.length > 0 ? parts.join('; ') : step.message;
}

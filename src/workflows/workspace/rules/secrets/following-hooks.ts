/** Implements docs/builds.md, "Hooks": the end of hooks that ran together with the injection of secrets. */
import { beginStep, completeStep, nextStep, type RunningStep, type StepSuccess } from '../build-steps';

/** Ends a step with the result of its activity, and the steps after it that the activity ran as well. */
export function completeSteps(running: RunningStep, success: StepSuccess, now: number): void {
  const hooks = success.hooks ?? [];
  let at = now - hooks.reduce((sum, { tookMs }) => sum + tookMs, 0);
  completeStep(running, success, at);
  for (const { step: name, result: hook, tookMs } of hooks) {
    const step = nextStep(running.build);
    if (step?.name !== name) return;
    const next = { ...running, step };
    beginStep(next, at);
    at += tookMs;
    completeStep(next, { hook, tookMs, attempt: 1 }, at);
  }
}

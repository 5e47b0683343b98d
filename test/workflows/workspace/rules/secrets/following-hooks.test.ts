/** Hooks that the activity of `inject-secrets` ran as well: their steps end with it, one after another. */
import type { EndedHook } from '../../../../../src/hooks/hook';
import { nextStep } from '../../../../../src/workflows/workspace/rules/build-steps';
import { completeSteps } from '../../../../../src/workflows/workspace/rules/secrets/following-hooks';
import { currentBuild } from '../../../../../src/workflows/workspace/rules/state';
import { created } from '../../../../support/workflows/state-builders';

const INJECTION = { delivered: [], fingerprint: null, expiresAt: null, warnings: ['a file is in the way'], isEmpty: false };

function hook(step: EndedHook['step'], tookMs: number, warnings: string[] = []): EndedHook {
  const state = warnings.length > 0 ? 'warning' : 'done';
  return { step, tookMs, result: { state, message: null, warnings, lastLines: [`lines of ${step}`] } };
}

/** A build whose injection runs. */
function injecting() {
  const simulator = created();
  simulator.injection = INJECTION;
  for (;;) {
    const build = currentBuild(simulator.state);
    const step = build && nextStep(build);
    if (build && step?.name === 'inject-secrets') return { state: simulator.state, build, step };
    simulator.turn();
  }
}

test('Each step has its own time, its lines, and its warnings, and the time of hooks is not of the deadline.', () => {
  const running = injecting();
  const { spentMs } = running.build;
  const hooks = [hook('configure', 300), hook('personalize', 500, ['it failed'])];
  completeSteps(running, { tookMs: 100, attempt: 1, injection: INJECTION, hooks }, 10_000);
  expect(running.build.steps.slice(-3)).toMatchObject([
    { name: 'inject-secrets', state: 'done', startedAt: 9_100, endedAt: 9_200, lastLines: [] },
    { name: 'configure', state: 'done', startedAt: 9_200, endedAt: 9_500, lastLines: ['lines of configure'] },
    { name: 'personalize', state: 'warning', startedAt: 9_500, endedAt: 10_000, lastLines: ['lines of personalize'] },
  ]);
  expect(running.build.warnings).toEqual(['a file is in the way', 'it failed']);
  expect(running.build.spentMs).toBe(spentMs + 100);
  expect(nextStep(running.build)).toBeNull();
});

test('A hook that has not ended is the next step.', () => {
  const running = injecting();
  completeSteps(running, { tookMs: 100, attempt: 1, injection: INJECTION, hooks: [hook('configure', 300)] }, 10_000);
  expect(nextStep(running.build)).toMatchObject({ name: 'personalize', state: 'waiting' });
});

test('A result without hooks, of an earlier worker, ends one step; a hook that is not the next step counts for nothing.', () => {
  for (const hooks of [undefined, [hook('personalize', 300)]]) {
    const running = injecting();
    completeSteps(running, { tookMs: 100, attempt: 1, injection: INJECTION, ...(hooks && { hooks }) }, 10_000);
    expect(nextStep(running.build)).toMatchObject({ name: 'configure', state: 'waiting' });
  }
});

test('An injection that had nothing to do is skipped, and its hooks count.', () => {
  const running = injecting();
  const injection = { ...INJECTION, isEmpty: true };
  completeSteps(running, { tookMs: 100, attempt: 1, injection, hooks: [hook('configure', 300)] }, 10_000);
  expect(running.build.steps.slice(-3).map(({ state }) => state)).toEqual(['skipped', 'done', 'waiting']);
});

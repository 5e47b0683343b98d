import type { PendingStep } from '../../../src/client';
import type { Answer, BuildView } from '../../../src/contract/payloads';
import { build, fakeClient, type Workspace } from './command-line';

export const ACCEPTED: Answer = { outcome: 'accepted', state: 'building', build: 1 };

/** A workspace whose start is accepted and whose build goes through the changes given. */
export function starting(changes: [BuildView, PendingStep | null][], more: Workspace = {}) {
  const waitForBuild: Workspace['waitForBuild'] = async (_number, options) => {
    for (const change of changes) options?.onChange?.(...change);
    return changes.at(-1)?.[0] ?? build();
  };
  return fakeClient({ workspace: { start: async () => ACCEPTED, waitForBuild, ...more } });
}

export function waiting(): BuildView {
  const steps = build().steps.map((step) => ({
    ...step,
    state: 'waiting' as const,
    startedAt: null,
    endedAt: null,
    message: null,
  }));
  return build({ endedAt: null, steps });
}

export function running(): BuildView {
  const [admit, startPod, configure] = build().steps;
  const [, , waitingStep] = waiting().steps;
  if (!admit || !startPod || !configure || !waitingStep) throw new Error('a build has three steps here');
  return build({
    endedAt: null,
    steps: [admit, { ...startPod, state: 'running', startedAt: '2027-03-01T09:59:51.000Z', endedAt: null }, waitingStep],
  });
}

export function cancelled(): BuildView {
  return build({ steps: build().steps.map((step) => ({ ...step, state: 'cancelled' as const, message: null })) });
}

/**
 * Runs a build step by step, from the first step that has not ended, so that the run after a continue-as-new goes on in the middle.
 * It undoes nothing: an activity of its own removes what a failed or superseded build made. The rules are in rules/build-steps.ts.
 */
import { patched } from '@temporalio/workflow';
import type { StepName } from '../../contract/payloads';
import type { Pod } from '../../runtimes/runtime';
import { admitActivities, hookActivities, injectActivities, podWaitActivities, startActivities } from '../activity-options';
import { failureOf } from '../sdk/activity-failure';
import { Interrupted, observe } from '../sdk/interruptible';
import { buildDeadline, followingHooks, homeSpec, hookInput, injectionInput, podSpec } from './rules/activity-input';
import {
  beginStep,
  failStep,
  isBySchedule,
  nextStep,
  priorityRaised,
  type RunningStep,
  type StepSuccess,
} from './rules/build-steps';
import { admitRequest } from './rules/owner/owner';
import { completeSteps } from './rules/secrets/following-hooks';
import type { BuildRecord, State } from './rules/state';

/** A build that this run carries on. */
export interface BuildRun {
  state: State;
  build: BuildRecord;
  /** True when the build has to end, or another run has to continue it. */
  interrupted: () => boolean;
  /** Called after each change, to publish it. */
  changed: () => void;
}

/** Runs the build until it is done, has failed, or is interrupted; the state says which. */
export async function continueBuild(run: BuildRun): Promise<void> {
  const { state, build } = run;
  for (;;) {
    const step = nextStep(build);
    if (!step || build.failure || run.interrupted()) return;
    await runStep(run, { state, build, step });
    run.changed();
  }
}

async function runStep(run: BuildRun, running: RunningStep): Promise<void> {
  const { build, step } = running;
  const isRepeated = step.attempt > 0;
  if (!beginStep(running, Date.now())) return;
  run.changed();
  const isRaised = priorityRaised(build, step);
  try {
    const success = await observe(
      () => STEPS[step.name](run, { isRepeated }),
      () => run.interrupted() || isRaised(),
    );
    completeSteps(running, success, Date.now());
  } catch (error) {
    const isInterrupted = error instanceof Interrupted;
    failStep(running, isInterrupted ? error.failure : failureOf(error), { isInterrupted, now: Date.now() });
  }
}

const STEPS: Record<StepName, (run: BuildRun, begun: { isRepeated: boolean }) => Promise<StepSuccess>> = {
  admit: async ({ state, build }) => {
    const { organization } = state;
    const input = { organization, deadline: buildDeadline(state, build), request: admitRequest(state, build) };
    const { admit } = byPriority(admitActivities, build);
    const { value, ...end } = await admit.executeWithOptions({ summary: `admit build ${build.number}` }, [input]);
    return { ...end, ...value };
  },
  'prepare-home': async ({ state, build }) => {
    const input = { home: homeSpec(state, build), deadline: buildDeadline(state, build) };
    const { prepareHome } = byPriority(startActivities, build);
    const { value, ...end } = await prepareHome.executeWithOptions({ summary: `home of build ${build.number}` }, [input]);
    return { ...end, home: value };
  },
  'start-pod': startPod,
  'inject-secrets': async ({ state, build }, { isRepeated }) => {
    const deadline = buildDeadline(state, build);
    // A worker of an earlier version would run the hooks again, and the two histories would not fit.
    const hooks = patched('brief-hooks') ? followingHooks(state, build) : [];
    const input = { ...injectionInput(state, build.number), isRepeated, deadline, hooks };
    const { injectSecrets } = byPriority(injectActivities, build);
    const { value, ...end } = await injectSecrets.executeWithOptions({ summary: `secrets of build ${build.number}` }, [input]);
    return { ...end, injection: value };
  },
  configure: ({ state, build }) =>
    hookActivities.runHookStep.executeWithOptions({ summary: `/coder/configure of build ${build.number}` }, [
      hookInput(state, build, 'configure'),
    ]),
  personalize: ({ state, build }) =>
    hookActivities.runHookStep.executeWithOptions({ summary: `~/personalize of build ${build.number}` }, [
      hookInput(state, build, 'personalize'),
    ]),
};

/**
 * A pod may wait for a node or its image until the build's deadline, so a start slot is held only while the pod is created. `startPod`
 * returns null once the pod is created, or when its image has to be probed first; `awaitPod` then waits, and returns null when the pod
 * can be created only now, in another start slot.
 */
async function startPod({ state, build }: BuildRun): Promise<StepSuccess> {
  const { number, spec, spentMs } = build;
  const pod = podSpec(state, build);
  const { startPod: create } = byPriority(startActivities, build);
  const { awaitPod: wait } = byPriority(podWaitActivities, build);
  for (let isCreated = false; ; isCreated = !isCreated) {
    const summary = isCreated ? `wait for the pod of build ${number}` : `start pod of build ${number}: ${spec.image}`;
    const input = { pod, deadline: buildDeadline(state, build) };
    const { value, tookMs, attempt }: { value: Pod | null; tookMs: number; attempt: number } = await (isCreated
      ? wait
      : create
    ).executeWithOptions({ summary }, [input]);
    build.spentMs += tookMs;
    if (value === null) continue;
    // The end of the step counts the time of all its activities.
    const totalMs = build.spentMs - spentMs;
    build.spentMs = spentMs;
    return { tookMs: totalMs, attempt, pod: value };
  }
}

function byPriority<T>({ byPerson, bySchedule }: { byPerson: T; bySchedule: T }, build: BuildRecord): T {
  return isBySchedule(build) ? bySchedule : byPerson;
}

/**
 * A build, step by step. It goes on from the first step that has not ended, so that a new run, after continue-as-new, takes it
 * over in the middle. It undoes nothing: what a failed or superseded build made is removed by an activity of its own.
 */
import type { StepResult } from '../../activities';
import { durationMs } from '../../contract/duration';
import type { StepName } from '../../contract/payloads';
import type { Pod, PodSpec } from '../../runtimes/runtime';
import { admission, hooks, starts, waits } from '../activity-options';
import { failureOf } from '../sdk/activity-failure';
import { Interrupted, observe } from '../sdk/interruptible';
import { homeSpec, hookInput, podSpec } from './rules/activity-input';
import { beginStep, endStep, nextStep, noteAdmitted, noteDone, noteFailure, noteHome, notePod } from './rules/build-steps';
import type { BuildRecord, State, StepRecord } from './rules/state';

export interface BuildRun {
  state: State;
  build: BuildRecord;
  /** True when the build is to end, or another run is to take it over. */
  interrupted: () => boolean;
  /** Called after each change, so that what people see is up to date. */
  changed: () => void;
}

/** Runs the build until it is done, has failed, or is interrupted; all of which is then in the state. */
export async function continueBuild(run: BuildRun): Promise<void> {
  for (;;) {
    const step = nextStep(run.build);
    if (!step || run.build.failure || run.interrupted()) return;
    await runStep(run, step);
    run.changed();
  }
}

async function runStep(run: BuildRun, step: StepRecord): Promise<void> {
  const { state, build } = run;
  const { name } = step;
  if (name === 'inject-secrets') return endStep(step, 'skipped', Date.now(), 'there are no secrets to inject');
  beginStep(step, Date.now());
  run.changed();
  try {
    const result = await observe(() => STEPS[name](run), interruption(run, name));
    noteDone(build, step, result, Date.now());
  } catch (error) {
    const isInterrupted = error instanceof Interrupted;
    noteFailure({ state, build, step }, isInterrupted ? error.failure : failureOf(error), { isInterrupted, now: Date.now() });
  }
}

/** A scheduled build that queues for its first step while somebody comes to wait for it queues anew, as a person's. */
function interruption({ build, interrupted }: BuildRun, name: StepName): () => boolean {
  if (name !== 'admit' || build.isHastened) return interrupted;
  return () => interrupted() || build.isHastened === true;
}

const STEPS: Record<Exclude<StepName, 'inject-secrets'>, (run: BuildRun) => Promise<StepResult>> = {
  admit: async ({ state, build }) => {
    const input = { organization: state.organization, deadline: deadline(state, build) };
    const result = await whose(admission, build).admit.executeWithOptions({ summary: `admit build ${build.number}` }, [input]);
    noteAdmitted(state, build, result.value.policy, Date.now());
    return result;
  },
  'prepare-home': async ({ state, build }) => {
    if (!state.adopt) state.homeMayExist = true;
    const input = { home: homeSpec(state, build), deadline: deadline(state, build) };
    const summary = `home of build ${build.number}`;
    const result = await whose(starts, build).prepareHome.executeWithOptions({ summary }, [input]);
    noteHome(state, build, result.value);
    return result;
  },
  'start-pod': async (run) => {
    const { state, build } = run;
    state.podBuild = Math.max(state.podBuild ?? 0, build.number);
    const result = await startPod(run, podSpec(state, build));
    notePod(build, result.value);
    return result;
  },
  configure: ({ state, build }) =>
    hooks.runHookStep.executeWithOptions({ summary: `/coder/configure of build ${build.number}` }, [
      hookInput(state, build, 'configure'),
    ]),
  personalize: ({ state, build }) =>
    hooks.runHookStep.executeWithOptions({ summary: `~/personalize of build ${build.number}` }, [
      hookInput(state, build, 'personalize'),
    ]),
};

/**
 * A pod may wait for a node or its image for as long as the build's deadline, and others are to be begun meanwhile: so a slot of pod
 * starts is held only while the pod is made. Of an image that was not looked into yet it is made after the look, in another such slot.
 */
async function startPod({ state, build }: BuildRun, pod: PodSpec): Promise<StepResult<Pod>> {
  const { number, spec, spentMs } = build;
  const [begin, wait] = [whose(starts, build).startPod, whose(waits, build).awaitPod];
  for (let isBegun = false; ; isBegun = !isBegun) {
    const summary = isBegun ? `wait for the pod of build ${number}` : `start pod of build ${number}: ${spec.image}`;
    const input = { pod, deadline: deadline(state, build) };
    const result = await (isBegun ? wait : begin).executeWithOptions({ summary }, [input]);
    build.spentMs += result.tookMs;
    if (result.value === null) continue;
    // The end of the step counts all that it took.
    const tookMs = build.spentMs - spentMs;
    build.spentMs = spentMs;
    return { ...result, value: result.value, tookMs };
  }
}

function deadline(state: State, build: BuildRecord): { text: string; totalMs: number; spentMs: number } {
  const text = state.policy?.build.deadline ?? '30m';
  return { text, totalMs: durationMs(text), spentMs: build.spentMs };
}

function whose<T>({ byPerson, bySchedule }: { byPerson: T; bySchedule: T }, build: BuildRecord): T {
  return build.cause === 'auto-start' && !build.isHastened ? bySchedule : byPerson;
}

/**
 * A build, step by step. It goes on from the first step that has not ended, so that a new run, after continue-as-new, takes it
 * over in the middle. It undoes nothing: what a failed or superseded build made is removed by an activity of its own.
 */
import { ActivityFailure, ApplicationFailure, CancelledFailure, isCancellation } from '@temporalio/workflow';
import type { BuildFailureDetails, StepResult } from '../activities';
import { FINAL_TYPES } from '../runtimes/failure-types';
import { observe } from './observe';
import { admission, hooks, starts } from './proxies';
import { durationMs } from './workspace/duration';
import { MAX_LOSSES, noteNewerBuild } from './workspace/losses';
import { type BuildRecord, KEPT_WARNINGS, type State, type StepRecord } from './workspace/state';
import { takePolicy } from './workspace/policy-intake';
import { failBuild } from './workspace/transition';
import { hookInput, podSpec } from './workspace/pod';
import type { StepName } from './messages';

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

/** The first step that has not ended; null when all have. */
export function nextStep(build: BuildRecord): StepRecord | null {
  return build.steps.find(({ state }) => state === 'waiting' || state === 'running') ?? null;
}

async function runStep(run: BuildRun, step: StepRecord): Promise<void> {
  const { name } = step;
  if (name === 'inject-secrets') return endStep(step, 'skipped', 'there are no secrets to inject');
  step.state = 'running';
  step.startedAt ??= Date.now();
  step.attempt = Math.max(1, step.attempt);
  run.changed();
  try {
    const result = await observe(() => STEPS[name](run), interruption(run, name));
    noteEnd(run, step, result);
  } catch (error) {
    noteFailure(run, step, error);
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
    takePolicy(state, result.value.policy, Date.now());
    return result;
  },
  'prepare-home': async ({ state, build }) => {
    const { id, owner, name, organization } = state;
    const home = {
      id,
      owner,
      name,
      organization,
      identity: state.home?.identity ?? null,
      adopt: state.adopt,
      disk: build.spec.resources.disk,
    };
    const input = { home, deadline: deadline(state, build) };
    const result = await whose(starts, build).prepareHome.executeWithOptions({ summary: `home of build ${build.number}` }, [
      input,
    ]);
    state.home = { identity: result.value.identity, disk: build.spec.resources.disk };
    state.adopt = false;
    return result;
  },
  'start-pod': async ({ state, build }) => {
    state.podBuild = Math.max(state.podBuild ?? 0, build.number);
    const input = { pod: podSpec(state, build), deadline: deadline(state, build) };
    const summary = `start pod of build ${build.number}: ${build.spec.image}`;
    const result = await whose(starts, build).startPod.executeWithOptions({ summary }, [input]);
    build.digest = result.value.digest;
    warn(build, result.value.warnings);
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

function noteEnd({ build }: BuildRun, step: StepRecord, result: StepResult): void {
  const hook = result.hook;
  step.startedAt = Date.now() - result.tookMs;
  step.attempt = Math.max(step.attempt, result.attempt);
  step.lastLines = hook?.lastLines ?? [];
  build.spentMs += hook ? 0 : result.tookMs;
  warn(build, hook?.warnings ?? []);
  endStep(step, hook?.state ?? 'done', hook?.message ?? null);
}

/** A cancelled step stays as it is: the build ends and says so, or another run goes on with it. */
function noteFailure(run: BuildRun, step: StepRecord, error: unknown): void {
  const { state, build } = run;
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const details = detailsOf(cause);
  step.attempt = Math.max(step.attempt, details.attempt ?? 1);
  if (isCancellation(error)) {
    build.spentMs += details.tookMs ?? 0;
    return;
  }
  const type = cause instanceof ApplicationFailure && cause.type ? cause.type : 'RuntimeUnavailable';
  const message = cause instanceof Error ? cause.message : String(cause);
  if (type === 'StaleBuild') return noteNewerBuild(state, details.found ?? build.number, Date.now());
  if (type === 'PodLost' && mayRestart(build, details)) return restartPod(build, message);
  if (isHook(step) && type !== 'PodLost') {
    warn(build, [`${step.name}: ${message}`]);
    return endStep(step, 'warning', message);
  }
  endStep(step, 'failed', message);
  failBuild(state, build, { type: isKnown(type) ? type : 'RuntimeUnavailable', message, step: step.name });
}

/** The pod is gone in the middle of the build: the build goes back to `start-pod`, where the home is as it was. */
function restartPod(build: BuildRecord, message: string): void {
  warn(build, [`the pod was lost during the build and started again: ${message}`]);
  const from = build.steps.findIndex(({ name }) => name === 'start-pod');
  for (const step of build.steps.slice(from)) {
    Object.assign(step, { state: 'waiting', startedAt: null, endedAt: null, message: null, lastLines: [] });
  }
}

/** Each once, since a step may run again; at most so many, since they are kept. */
function warn(build: BuildRecord, warnings: string[]): void {
  const all = [...build.warnings, ...warnings.map((warning) => warning.slice(0, 500))];
  build.warnings = [...new Set(all)].slice(0, KEPT_WARNINGS);
}

function mayRestart(build: BuildRecord, details: BuildFailureDetails): boolean {
  if (details.counted !== false) build.restarts += 1;
  return build.restarts <= MAX_LOSSES;
}

function endStep(step: StepRecord, state: StepRecord['state'], message: string | null): void {
  step.state = state;
  step.startedAt ??= Date.now();
  step.endedAt = Date.now();
  step.message = message;
}

function deadline(state: State, build: BuildRecord): { text: string; totalMs: number; spentMs: number } {
  const text = state.policy?.build.deadline ?? '30m';
  return { text, totalMs: durationMs(text), spentMs: build.spentMs };
}

function whose<T>({ byPerson, bySchedule }: { byPerson: T; bySchedule: T }, build: BuildRecord): T {
  return build.cause === 'auto-start' && !build.isHastened ? bySchedule : byPerson;
}

function isHook({ name }: StepRecord): boolean {
  return name === 'configure' || name === 'personalize';
}

function isKnown(type: string): boolean {
  return type === 'PodLost' || (FINAL_TYPES as readonly string[]).includes(type);
}

function detailsOf(cause: unknown): BuildFailureDetails {
  if (!(cause instanceof ApplicationFailure || cause instanceof CancelledFailure)) return {};
  const [details] = cause.details ?? [];
  return typeof details === 'object' && details !== null ? (details as BuildFailureDetails) : {};
}

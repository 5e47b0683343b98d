/**
 * Implements docs/builds.md, "Steps" and "What ends a build": how a step begins, ends, fails, and restarts, and how that ends the build. Final faults of the
 * first four steps fail the build, hooks end with a warning, and a lost pod sends the build back to `start-pod`. The workflow and the
 * tests' simulator both run on these functions.
 */
import type { Admission, BuildFailureDetails } from '../../../activities';
import { FINAL_TYPES, INTERNAL_TYPES } from '../../../contract/failure-types';
import type { Injection } from '../../../contract/internal/payloads';
import type { BuildFailure } from '../../../contract/payloads';
import type { KnownPolicy } from '../../../contract/policy';
import { cutLines, cutText } from '../../../contract/text-limit';
import type { EndedHook, HookResult } from '../../../hooks/hook';
import type { Pod } from '../../../runtimes/runtime';
import { Refusal } from '../../input/refusal';
import { policyAt } from '../../organization/rules/known-policy';
import { openWindow } from './auto-off';
import { movedTag, wantedSpec } from './build-spec';
import { takeOwner, takeRefusal, takeReserved } from './owner/owner';
import { MAX_LOSSES, noteNewerBuild } from './pod-loss';
import { refuseSuspended } from './policy/suspension';
import { adoptPolicy } from './policy-update';
import { beginInjection, forgetPodSecrets, takeInjection } from './secrets/refresh';
import type { BuildRecord, State, StepRecord } from './state';
import { KEPT_LINES, KEPT_MESSAGE, KEPT_NAME } from './state-limits';
import { enter } from './transition';
import { warn } from './warnings';

/** A step that runs, with its build and its workspace. */
export interface RunningStep {
  state: State;
  build: BuildRecord;
  step: StepRecord;
}

/** What the activity of a step returned. The fields of an admission are of `admit`; some are absent where an older worker ran it. */
export interface StepSuccess extends Partial<Admission> {
  /** Milliseconds from the first attempt's start to the end, pauses between attempts included. */
  tookMs: number;
  attempt: number;
  /** Of `inject-secrets`. */
  injection?: Injection;
  /** Of `prepare-home`. */
  home?: { identity: string };
  /** Of `start-pod`. */
  pod?: Pick<Pod, 'digest' | 'warnings'>;
  /** Of `configure` and `personalize`. */
  hook?: HookResult;
  /** Of `inject-secrets`: hooks that its activity ran as well. Absent where it ran none, as where an older worker ran it. */
  hooks?: EndedHook[];
}

/** What the activity of a step failed with. */
export interface StepFailure {
  /** A type of docs/failures.md; `RuntimeUnavailable` for an unexpected error. */
  type: string;
  message: string;
  details: BuildFailureDetails;
}

/** The message of `inject-secrets` where it has nothing to do. */
const NO_SECRETS = 'there are no secrets to inject';

/** The first step that has not ended; null when all have. */
export function nextStep(build: BuildRecord): StepRecord | null {
  return build.steps.find(({ state }) => state === 'waiting' || state === 'running') ?? null;
}

/**
 * Begins a step, or continues it in a new run. False for a step without work, which is skipped. What the step may leave behind is
 * recorded before it runs, so that a clean-up removes it however the step ends.
 */
export function beginStep({ state, build, step }: RunningStep, now: number): boolean {
  if (step.name === 'inject-secrets' && !build.injects) {
    endStep(step, 'skipped', now, NO_SECRETS);
    return false;
  }
  step.state = 'running';
  step.startedAt ??= now;
  step.attempt = Math.max(1, step.attempt);
  if (step.name === 'prepare-home' && !state.adopt) state.homeMayExist = true;
  if (step.name === 'start-pod') {
    state.podBuild = Math.max(state.podBuild ?? 0, build.number);
    forgetPodSecrets(state);
  }
  if (step.name === 'inject-secrets') beginInjection(state, now);
  return true;
}

/** Whether the build runs at the priority of the schedule: no person asked for it or waits for it. */
export function isBySchedule(build: BuildRecord): boolean {
  return build.cause === 'auto-start' && !build.isHastened;
}

/**
 * A predicate that turns true when the step has to be queued again at a person's priority: only the first step of a scheduled build
 * waits in a queue that a person who asks for the same build must not wait in.
 */
export function priorityRaised(build: BuildRecord, step: StepRecord): () => boolean {
  const isQueuedBySchedule = step.name === 'admit' && isBySchedule(build);
  return () => isQueuedBySchedule && !isBySchedule(build);
}

/** Ends a step with the result of its activity. A policy that refuses the workspace's settings fails the step instead. */
export function completeStep(running: RunningStep, success: StepSuccess, now: number): void {
  const { state, build, step } = running;
  const { policy, owner, reserved, injects, home, pod, injection, hook, tookMs, attempt } = success;
  if (injects) build.injects = true;
  takeOwner(state, owner, now);
  try {
    if (policy) admitPolicy(state, build, policy, now);
    takeReserved(state, build, reserved);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const refusal = { type: error.type, message: error.message, details: {} };
    return failStep(running, refusal, { isInterrupted: false, now });
  }
  if (home) recordHome(state, build, home);
  if (pod) recordPod(build, pod);
  if (injection) takeInjection(state, build.number, injection, now);
  step.startedAt = now - tookMs;
  step.attempt = Math.max(step.attempt, attempt);
  step.lastLines = cutLines(hook?.lastLines ?? [], KEPT_LINES);
  // A hook has a time limit of its own.
  build.spentMs += hook ? 0 : tookMs;
  warn(build, hook?.warnings ?? injection?.warnings ?? []);
  if (injection?.isEmpty) endStep(step, 'skipped', now, NO_SECRETS);
  else endStep(step, hook?.state ?? 'done', now, hook?.message ?? null);
}

/**
 * Takes the failure of a step. `isInterrupted`: the workflow stopped observing the step, so the server retried nothing; a failure
 * that is not final then counts as the step's cancellation, and the next run or attempt continues the step. An answered request
 * holds: once `ending` is set, no failure changes where the build leads.
 */
export function failStep(
  { state, build, step }: RunningStep,
  { type, message, details }: StepFailure,
  { isInterrupted, now }: { isInterrupted: boolean; now: number },
): void {
  step.attempt = Math.max(step.attempt, details.attempt ?? 1);
  takeRefusal(state, details);
  if (type === 'StaleBuild') return noteNewerBuild(state, details.found ?? build.number, now);
  if (state.ending || (isInterrupted && !isFinal(type))) {
    build.spentMs += details.tookMs ?? 0;
    if (isFinal(type)) step.message = cutText(message, KEPT_MESSAGE);
    return;
  }
  if (type === 'PodLost' && mayRestart(build, details)) {
    build.spentMs += isHook(step) ? 0 : (details.tookMs ?? 0);
    return restartPod(build, message);
  }
  if (isHook(step) && type !== 'PodLost') {
    warn(build, [`${step.name}: ${message}`]);
    return endStep(step, 'warning', now, message);
  }
  endStep(step, 'failed', now, message);
  failBuild(state, build, { type: isShown(type) ? type : 'RuntimeUnavailable', message, step: step.name });
}

/** Fails the build. The state stays `building` until what the build made is removed. */
export function failBuild(state: State, build: BuildRecord, { type, message, step }: BuildFailure): void {
  if (state.ending) return;
  const failure = { type, message: cutText(message, KEPT_MESSAGE), step };
  build.failure = failure;
  const evidence = `${failure.step}: ${failure.message}`;
  state.ending = { to: 'error', cause: 'build-failed', by: build.by, rule: failure.type, evidence };
}

/** Enters `running` when every step has ended and nothing ends the build; the auto-off window opens. */
export function finishBuild(state: State, build: BuildRecord, now: number): void {
  if (state.ending || nextStep(build)) return;
  build.endedAt = now;
  const { number, warnings, by } = build;
  const evidence = warnings.length === 0 ? `build ${number}` : `build ${number}, with ${warnings.length} warning(s)`;
  enter(state, 'running', { cause: 'build-finished', by, rule: null, evidence }, now);
  openWindow(state, now);
}

/** Ends a build that was cut off: the steps that have not ended are cancelled. */
export function cancelSteps(build: BuildRecord, now: number): void {
  build.endedAt = now;
  for (const step of build.steps) {
    if (step.state !== 'running' && step.state !== 'waiting') continue;
    if (step.state === 'running') step.endedAt = now;
    step.state = 'cancelled';
  }
}

/** Whether a retry changes nothing. `PodLost` and `StaleBuild` count too: the build restarts or ends, the activity does not. */
export function isFinal(type: string): boolean {
  return [...FINAL_TYPES, ...INTERNAL_TYPES].some((known) => known === type);
}

/** The whole build goes by the policy that `admit` read; when the build began the workspace may have known an older one. */
function admitPolicy(state: State, build: BuildRecord, policy: KnownPolicy, now: number): void {
  const before = state.policy;
  adoptPolicy(state, policy, now);
  const { policy: known } = state;
  const isSame = known?.version === before?.version && policyAt(known) === policyAt(before);
  if (known === null || state.ending) return;
  refuseSuspended(state, known, 'owner');
  if (!isSame) {
    const spec = wantedSpec(state, state.own, known);
    if (spec.image !== build.spec.image) build.pinnedDigest = null;
    build.spec = spec;
  }
  const moved = movedTag(state.own, known);
  if (moved) warn(build, [moved]);
}

/** From here on the volume's identity is recorded, and an adopted home belongs to the workspace. */
function recordHome(state: State, build: BuildRecord, { identity }: { identity: string }): void {
  state.home = { identity, disk: build.spec.resources.disk };
  state.adopt = false;
}

function recordPod(build: BuildRecord, { digest, warnings }: Pick<Pod, 'digest' | 'warnings'>): void {
  build.digest = cutText(digest, KEPT_NAME);
  warn(build, warnings);
}

function endStep(step: StepRecord, state: StepRecord['state'], now: number, message: string | null): void {
  step.state = state;
  step.startedAt ??= now;
  step.endedAt = now;
  step.message = message === null ? null : cutText(message, KEPT_MESSAGE);
}

/** The pod was lost during the build: the build goes back to `start-pod`; the home is unchanged. */
function restartPod(build: BuildRecord, message: string): void {
  warn(build, [`the pod was lost during the build and started again: ${message}`]);
  const from = build.steps.findIndex(({ name }) => name === 'start-pod');
  for (const step of build.steps.slice(from)) {
    Object.assign(step, { state: 'waiting', startedAt: null, endedAt: null, message: null, lastLines: [] });
  }
}

function mayRestart(build: BuildRecord, details: BuildFailureDetails): boolean {
  if (details.counted !== false) build.restarts += 1;
  return build.restarts <= MAX_LOSSES;
}

function isHook({ name }: StepRecord): boolean {
  return name === 'configure' || name === 'personalize';
}

/** Types that a build's failure may show. */
function isShown(type: string): boolean {
  return type === 'PodLost' || (FINAL_TYPES as readonly string[]).includes(type);
}

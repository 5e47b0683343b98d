/**
 * How a step of a build ends: done, failed, or cut off and to be gone on with. Data in, data out: the workflow uses it, and so does
 * the simulator of the tests.
 */
import type { BuildFailureDetails } from '../../../activities';
import { FINAL_TYPES, INTERNAL_TYPES } from '../../../contract/failure-types';
import type { KnownPolicy } from '../../../contract/policy';
import { cutLines, cutText } from '../../../contract/text-limit';
import type { HookResult } from '../../../hooks/hook';
import type { Pod } from '../../../runtimes/runtime';
import { policyAt } from '../../organization/rules/policy';
import { wantedSpec } from './build-spec';
import { MAX_LOSSES, noteNewerBuild } from './pod-loss';
import { takePolicy } from './policy-update';
import type { BuildRecord, State, StepRecord } from './state';
import { KEPT_LINES, KEPT_MESSAGE, KEPT_NAME, KEPT_WARNINGS } from './state-limits';
import { failBuild } from './transition';

/** A step that came to its end by itself. */
export interface StepSuccess {
  tookMs: number;
  attempt: number;
  hook?: HookResult;
}

/** What an activity failed with: a type of the closed list, or that of a fault of ours. */
export interface StepFailure {
  type: string;
  message: string;
  details: BuildFailureDetails;
}

/** The first step that has not ended; null when all have. */
export function nextStep(build: BuildRecord): StepRecord | null {
  return build.steps.find(({ state }) => state === 'waiting' || state === 'running') ?? null;
}

export function beginStep(step: StepRecord, now: number): void {
  step.state = 'running';
  step.startedAt ??= now;
  step.attempt = Math.max(1, step.attempt);
}

export function noteDone(build: BuildRecord, step: StepRecord, { tookMs, attempt, hook }: StepSuccess, now: number): void {
  step.startedAt = now - tookMs;
  step.attempt = Math.max(step.attempt, attempt);
  step.lastLines = cutLines(hook?.lastLines ?? [], KEPT_LINES);
  build.spentMs += hook ? 0 : tookMs;
  warn(build, hook?.warnings ?? []);
  endStep(step, hook?.state ?? 'done', now, hook?.message ?? null);
}

/**
 * Takes a failure of a step. `isInterrupted`: the step was no longer to be observed, so that the server did not try again what it
 * would have: whatever is not final then counts as the step's cancellation, and another run or attempt goes on with it.
 * What a request has brought the build to end in holds, whatever the step fails with.
 */
export function noteFailure(
  { state, build, step }: { state: State; build: BuildRecord; step: StepRecord },
  { type, message, details }: StepFailure,
  { isInterrupted, now }: { isInterrupted: boolean; now: number },
): void {
  step.attempt = Math.max(step.attempt, details.attempt ?? 1);
  if (type === 'StaleBuild') return noteNewerBuild(state, details.found ?? build.number, now);
  if (state.ending || (isInterrupted && !isFinal(type))) {
    build.spentMs += details.tookMs ?? 0;
    if (isFinal(type)) step.message = cutText(message, KEPT_MESSAGE);
    return;
  }
  if (type === 'PodLost' && mayRestart(build, details)) {
    // A hook has a time limit of its own.
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

/**
 * What `admit` read, by which the whole build goes: a workspace that was off may have known an older policy when the build began.
 * Throws a Refusal where this one does not allow what the workspace wants.
 */
export function noteAdmitted(state: State, build: BuildRecord, policy: KnownPolicy, now: number): void {
  const before = state.policy;
  takePolicy(state, policy, now);
  const { policy: known } = state;
  const isSame = known?.version === before?.version && policyAt(known) === policyAt(before);
  if (known === null || isSame || state.ending) return;
  const spec = wantedSpec(state, state.own, known);
  if (spec.image !== build.spec.image) build.pinnedDigest = null;
  build.spec = spec;
}

/** What `prepare-home` found or made. From here on the home is recorded, and it is the workspace's own. */
export function noteHome(state: State, build: BuildRecord, { identity }: { identity: string }): void {
  state.home = { identity, disk: build.spec.resources.disk };
  state.adopt = false;
}

/** What `start-pod` came to. */
export function notePod(build: BuildRecord, { digest, warnings }: Pick<Pod, 'digest' | 'warnings'>): void {
  build.digest = cutText(digest, KEPT_NAME);
  warn(build, warnings);
}

/** Whether trying again changes nothing. A lost pod and a newer build are of that kind too. */
export function isFinal(type: string): boolean {
  return [...FINAL_TYPES, ...INTERNAL_TYPES].some((known) => known === type);
}

/** Each once, since a step may run again; at most so many, since they are kept. */
function warn(build: BuildRecord, warnings: string[]): void {
  const all = [...build.warnings, ...warnings.slice(0, KEPT_WARNINGS).map((warning) => cutText(warning, KEPT_MESSAGE))];
  build.warnings = [...new Set(all)].slice(0, KEPT_WARNINGS);
}

/** A step that comes to its end without any work. */
export function endStep(step: StepRecord, state: StepRecord['state'], now: number, message: string | null): void {
  step.state = state;
  step.startedAt ??= now;
  step.endedAt = now;
  step.message = message === null ? null : cutText(message, KEPT_MESSAGE);
}

/** The pod is gone in the middle of the build: the build goes back to `start-pod`, where the home is as it was. */
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

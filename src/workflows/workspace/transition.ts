/** Changes of state, each written into the history once, and the beginning and end of builds. Nothing else sets `phase`. */
import type { BuildFailure, Cause, Policy, WorkspacePhase } from '../payloads';
import { Refusal } from './refusal';
import type { BuildRecord, BuildSpec, NextBuild, State } from './state';
import { currentBuild, KEPT_BUILDS, KEPT_HISTORY, newSteps } from './state';
import { wantedSpec } from './wanted';

export interface Reason {
  cause: Cause;
  by: string | null;
  rule: string | null;
  evidence: string | null;
}

/** Enters a state and says why. */
export function enter(state: State, to: WorkspacePhase, { cause, by, rule, evidence }: Reason, now: number): void {
  state.history.push({ at: now, from: state.phase, to, cause, by, rule, evidence: evidence?.slice(0, 500) ?? null });
  state.history = state.history.slice(-KEPT_HISTORY);
  state.phase = to;
  state.since = now;
}

/** Asks for a build: at once where nothing is in its way, else as soon as that is so. Answers its number. */
export function queueBuild(state: State, reason: Reason): number {
  if (state.next) {
    state.next = { ...reason, number: state.next.number };
    return state.next.number;
  }
  state.buildNumber += 1;
  state.next = { ...reason, number: state.buildNumber };
  return state.buildNumber;
}

/**
 * Begins the waiting build; the state is `building` then. Settings that the policy has come to refuse since they were taken
 * fail the build in its first step, so that an automatic start says why it did not happen.
 */
export function beginBuild(state: State, now: number): void {
  const { next, policy } = state;
  if (!next || !policy) return;
  const { spec, refusal } = settleSpec(state, policy);
  state.next = null;
  if (state.phase !== 'building') enter(state, 'building', next, now);
  const previous = state.builds.at(-1);
  // After a lost pod people get back the very image that they had.
  const pinnedDigest = next.cause === 'pod-lost' && previous?.spec.image === spec.image ? previous.digest : null;
  const build = newBuild(next, { spec, pinnedDigest, startedAt: now });
  state.builds = [...state.builds, build].slice(-KEPT_BUILDS);
  forgetOldDetails(state.builds);
  if (!refusal) return;
  const [admit] = build.steps;
  if (admit) Object.assign(admit, { state: 'failed', startedAt: now, endedAt: now, message: refusal.message });
  failBuild(state, build, { type: refusal.type, message: refusal.message, step: 'admit' });
}

/** Notes that the build under way failed; the state stays `building` until what it made is gone. */
export function failBuild(state: State, build: BuildRecord, failure: BuildFailure): void {
  build.failure = failure;
  state.ending = {
    to: 'error',
    cause: 'build-failed',
    by: build.by,
    rule: failure.type,
    evidence: `${failure.step}: ${failure.message}`,
  };
}

/** Notes that the build under way is well: the workspace runs. */
export function finishBuild(state: State, build: BuildRecord, now: number): void {
  build.endedAt = now;
  const evidence =
    build.warnings.length === 0 ? `build ${build.number}` : `build ${build.number}, with ${build.warnings.length} warning(s)`;
  enter(state, 'running', { cause: 'build-finished', by: build.by, rule: null, evidence }, now);
}

/** Brings down what there is: the state is `turning-off` until it is gone. */
export function turnOff(state: State, to: 'off' | 'deleted', reason: Reason, now: number): void {
  state.ending = { to, ...reason };
  enter(state, 'turning-off', reason, now);
}

/** What was to come down is gone: enters the state that this led to. A build that waited begins by itself afterwards. */
export function settleEnding(state: State, now: number): void {
  const { ending } = state;
  if (!ending) return;
  const build = currentBuild(state);
  if (build) endBuild(build, now);
  state.ending = null;
  enter(state, ending.to === 'build' ? 'off' : ending.to, ending, now);
}

function settleSpec(state: State, policy: Policy): { spec: BuildSpec; refusal: Refusal | null } {
  try {
    return { spec: wantedSpec(state, state.own, policy), refusal: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { image, resources, env, dotfiles } = state.own;
    const spec = { image: image ?? '', resources: { ...policy.resources.default, ...resources }, env: env ?? {}, dotfiles };
    return { spec, refusal: error };
  }
}

function endBuild(build: BuildRecord, now: number): void {
  build.endedAt = now;
  for (const step of build.steps) {
    if (step.state !== 'running' && step.state !== 'waiting') continue;
    if (step.state === 'running') step.endedAt = now;
    step.state = 'cancelled';
  }
}

function newBuild(next: NextBuild, given: Pick<BuildRecord, 'spec' | 'pinnedDigest' | 'startedAt'>): BuildRecord {
  return {
    number: next.number,
    cause: next.cause,
    by: next.by,
    ...given,
    digest: null,
    endedAt: null,
    steps: newSteps(),
    warnings: [],
    failure: null,
    spentMs: 0,
    restarts: 0,
  };
}

/** Output and environment are kept for the newest build only, so that the state stays small. */
function forgetOldDetails(builds: BuildRecord[]): void {
  for (const build of builds.slice(0, -1)) {
    build.spec = { ...build.spec, env: {} };
    for (const step of build.steps) step.lastLines = [];
  }
}

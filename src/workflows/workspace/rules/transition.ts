/** Changes of state, each written into the history once, and the beginning and end of builds. Nothing else sets `phase`. */
import type { BuildFailure, Cause, WorkspacePhase } from '../../../contract/payloads';
import { STEP_NAMES } from '../../../contract/payloads';
import type { Policy } from '../../../contract/policy';
import { cutText, type TextLimit } from '../../../contract/text-limit';
import { Refusal } from '../../input/refusal';
import { wantedSpec } from './build-spec';
import type { BuildRecord, BuildSpec, NextBuild, State, StepRecord } from './state';
import { currentBuild } from './state';
import {
  KEPT_BUILDS,
  KEPT_BY,
  KEPT_HISTORY,
  KEPT_MESSAGE,
  KEPT_OLD_MESSAGE,
  KEPT_OLD_WARNINGS,
  KEPT_REPLACED,
  KEPT_RULE,
} from './state-limits';

export interface Reason {
  cause: Cause;
  by: string | null;
  rule: string | null;
  evidence: string | null;
}

/** Enters a state and says why. */
export function enter(state: State, to: WorkspacePhase, { cause, by, rule, evidence }: Reason, now: number): void {
  const cut = (text: string | null, limit: TextLimit) => (text === null ? null : cutText(text, limit));
  const texts = { by: cut(by, KEPT_BY), rule: cut(rule, KEPT_RULE), evidence: cut(evidence, KEPT_MESSAGE) };
  state.history.push({ at: now, from: state.phase, to, cause, ...texts });
  state.history = state.history.slice(-KEPT_HISTORY);
  state.phase = to;
  state.since = now;
}

/**
 * Asks for a build: at once where nothing is in its way, else as soon as that is so. Answers its number. A build that waits already is
 * replaced by it, and has none.
 */
export function queueBuild(state: State, reason: Reason): number {
  const waiting = state.next?.number;
  state.buildNumber += 1;
  state.next = { ...reason, number: state.buildNumber };
  if (waiting !== undefined) noteReplaced(state, waiting);
  return state.buildNumber;
}

/** Notes that the build that waits now is made in the place of this one. */
export function noteReplaced(state: State, number: number): void {
  const by = state.buildNumber;
  const before = (state.replaced ?? []).map((entry) => (entry.by === number ? { ...entry, by } : entry));
  state.replaced = [...before, { number, by }].slice(-KEPT_REPLACED);
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

/** Notes that the build under way failed; the state stays `building` until what it made is gone. An ending that was asked for holds. */
export function failBuild(state: State, build: BuildRecord, given: BuildFailure): void {
  if (state.ending) return;
  const failure = { ...given, message: cutText(given.message, KEPT_MESSAGE) };
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

/** Notes what a clean-up waits for that did not end yet. */
export function noteBlocked(state: State, { type, message }: { type: string; message: string }, now: number): void {
  state.blocked = { since: state.blocked?.since ?? now, because: cutText(`${type}: ${message}`, KEPT_MESSAGE) };
}

/** The pod of this build is gone, and so is that of every older one. */
export function notePodGone(state: State, build: number): void {
  if (state.podBuild !== null && state.podBuild <= build) state.podBuild = null;
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
    by: next.by === null ? null : cutText(next.by, KEPT_BY),
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

/** Output, environment, and messages in full are kept for the newest build only, so that the state stays small. */
function forgetOldDetails(builds: BuildRecord[]): void {
  for (const build of builds.slice(0, -1)) {
    build.spec = { ...build.spec, env: {}, dotfiles: null };
    build.warnings = build.warnings.slice(0, KEPT_OLD_WARNINGS).map((warning) => cutText(warning, KEPT_OLD_MESSAGE));
    for (const step of build.steps) {
      step.lastLines = [];
      step.message = step.message === null ? null : cutText(step.message, KEPT_OLD_MESSAGE);
    }
  }
}

export function newSteps(): StepRecord[] {
  return STEP_NAMES.map((name) => ({
    name,
    state: 'waiting',
    startedAt: null,
    endedAt: null,
    attempt: 0,
    message: null,
    lastLines: [],
  }));
}

/**
 * Implements docs/builds.md: the queued build begins, with the image, resources, and environment that the
 * policy and the workspace's own settings give at that moment.
 */
import { STEP_NAMES } from '../../../contract/payloads';
import type { Policy } from '../../../contract/policy';
import { cutText } from '../../../contract/text-limit';
import { Refusal } from '../../input/refusal';
import { wantedSpec } from './build-spec';
import { failBuild } from './build-steps';
import { noteBuilt } from './campaign/forced-rebuild';
import { refuseSuspended } from './policy/suspension';
import type { BuildRecord, BuildSpec, NextBuild, State, StepRecord } from './state';
import { KEPT_BUILDS, KEPT_BY, KEPT_OLD_BY, KEPT_OLD_EVIDENCE, KEPT_OLD_MESSAGE, KEPT_OLD_WARNINGS } from './state-limits';
import { enter } from './transition';

/**
 * Begins the queued build and enters `building`. Settings that the policy refuses by now fail the build in its first step, so that
 * a scheduled start shows why it did not happen.
 */
export function beginBuild(state: State, now: number): void {
  const { next, policy } = state;
  if (!next || !policy) return;
  const { spec, refusal } = resolveSpec(state, policy);
  state.next = null;
  noteBuilt(state, now);
  if (state.phase !== 'building') enter(state, 'building', next, now);
  const previous = state.builds.at(-1);
  // After a lost pod the same image digest runs again.
  const pinnedDigest = next.cause === 'pod-lost' && previous?.spec.image === spec.image ? previous.digest : null;
  const build = newBuild(next, { spec, pinnedDigest, startedAt: now });
  state.builds = [...state.builds, build].slice(-KEPT_BUILDS);
  trimOldBuilds(state.builds);
  if (!refusal) return;
  const [admit] = build.steps;
  if (admit) Object.assign(admit, { state: 'failed', startedAt: now, endedAt: now, message: refusal.message });
  failBuild(state, build, { type: refusal.type, message: refusal.message, step: 'admit' });
}

/** The steps of a build that has not begun. */
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

function resolveSpec(state: State, policy: Policy): { spec: BuildSpec; refusal: Refusal | null } {
  try {
    refuseSuspended(state, policy, 'owner');
    return { spec: wantedSpec(state, state.own, policy), refusal: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { image, resources, env, dotfiles } = state.own;
    const spec = { image: image ?? '', resources: { ...policy.resources.default, ...resources }, env: env ?? {}, dotfiles };
    return { spec, refusal: error };
  }
}

function newBuild(next: NextBuild, settled: Pick<BuildRecord, 'spec' | 'pinnedDigest' | 'startedAt'>): BuildRecord {
  return {
    number: next.number,
    cause: next.cause,
    by: next.by === null ? null : cutText(next.by, KEPT_BY),
    ...settled,
    digest: null,
    endedAt: null,
    steps: newSteps(),
    warnings: [],
    failure: null,
    spentMs: 0,
    restarts: 0,
  };
}

/** Output, environment, and whole messages are kept for the newest build only, so that the state stays small. */
function trimOldBuilds(builds: BuildRecord[]): void {
  for (const build of builds.slice(0, -1)) {
    build.spec = { ...build.spec, env: {}, dotfiles: null };
    build.by = build.by === null ? null : cutText(build.by, KEPT_OLD_BY);
    if (build.failure) build.failure = { ...build.failure, message: cutText(build.failure.message, KEPT_OLD_EVIDENCE) };
    build.warnings = build.warnings.slice(0, KEPT_OLD_WARNINGS).map((warning) => cutText(warning, KEPT_OLD_MESSAGE));
    for (const step of build.steps) {
      step.lastLines = [];
      step.message = step.message === null ? null : cutText(step.message, KEPT_OLD_MESSAGE);
    }
  }
}

/**
 * Implements docs/policy.md, "Preview": what a policy would change for one workspace. Both policies are taken by a copy of its state, which
 * then decides as the workspace itself does.
 */
import type { Plan } from '../../../../activities/schedule';
import type { KnownPolicy } from '../../../../contract/policy';
import { Refusal } from '../../../input/refusal';
import { resolveImage } from '../../../organization/rules/images';
import { autoOffThreshold } from '../auto-off';
import { blockedBecause, type EffectiveSchedule, hasSchedule, plannedStart, takePlan, wantedPlan } from '../auto-start';
import { wantedSpec } from '../build-spec';
import { upcoming } from '../decide';
import { iso } from '../instant';
import { migrate } from '../migrate';
import { takePolicy } from '../policy-update';
import type { BuildSpec, State } from '../state';
import { rebuildRequired } from '../view/status';
import { refuseSuspended } from './suspension';

/** What of a workspace a policy may change. `build` is whether the next one is refused. */
export type PolicyEffectName =
  | 'stop'
  | 'start'
  | 'autoOff'
  | 'image'
  | 'cpu'
  | 'memory'
  | 'disk'
  | 'podSecurity'
  | 'build'
  | 'rebuildRequired';

/** One difference between two policies for one workspace. */
export interface PolicyEffect {
  what: PolicyEffectName;
  /** Under the present policy; null: nothing. Instants in ISO 8601. */
  before: string | null;
  /** Under the other policy; null: nothing. */
  after: string | null;
  /** When it happens, ISO 8601; null: with the next build. */
  at: string | null;
  /** Why, as a sentence. */
  because: string;
}

/** Computes the next start of a schedule, as the workspace's activity does. */
export type PlanStart = (schedule: EffectiveSchedule, after: number) => Plan;

interface Fact {
  value: string | null;
  because: string;
}
type Facts = Record<PolicyEffectName, Fact>;

/** The changes that take effect when the policy arrives; all others do with the next build. */
const AT_ONCE: readonly PolicyEffectName[] = ['autoOff', 'build', 'rebuildRequired'];
const OF_BUILD: readonly PolicyEffectName[] = ['image', 'cpu', 'memory', 'disk'];
/** Schedules of a new policy are planned within as many computations. */
const MAX_PLANS = 3;

/** What of a state decides what its workspace does next: without output, and without the past. */
export function previewState(state: State): State {
  const builds = state.builds.map((build) => {
    const steps = build.steps.map((step) => ({ ...step, message: null, lastLines: [] }));
    return { ...build, steps, warnings: [], failure: build.failure && { ...build.failure, message: '' } };
  });
  return { ...state, builds, history: state.history.slice(-1), early: [], replaced: [] };
}

/** What the proposed policy changes for a workspace that has the present one. */
export function previewPolicy(
  state: State,
  { present, proposed }: { present: KnownPolicy; proposed: KnownPolicy },
  { now, plan }: { now: number; plan: PlanStart },
): PolicyEffect[] {
  const before = factsUnder(state, present, { now, plan });
  const after = factsUnder(state, proposed, { now, plan });
  const names = Object.keys(before) as PolicyEffectName[];
  // Where a build is refused, its specification says nothing more.
  const isRefused = before.build.value !== null || after.build.value !== null;
  return names.flatMap((what) => {
    const [from, to] = [before[what], after[what]];
    if (from.value === to.value || (isRefused && OF_BUILD.includes(what))) return [];
    return [{ what, before: from.value, after: to.value, at: whenOf(what, to.value, now), because: to.because }];
  });
}

function whenOf(what: PolicyEffectName, value: string | null, now: number): string | null {
  if (what === 'stop' || what === 'start') return value ?? iso(now);
  return AT_ONCE.includes(what) ? iso(now) : null;
}

function factsUnder(state: State, policy: KnownPolicy, { now, plan }: { now: number; plan: PlanStart }): Facts {
  const copy = migrate(JSON.parse(JSON.stringify(state)) as State);
  takePolicy(copy, policy, now);
  for (let plans = 0; plans < MAX_PLANS; plans += 1) {
    const wanted = wantedPlan(copy, now);
    if (wanted) takePlan(copy, wanted.key, plan(wanted.schedule, wanted.after), now);
  }
  const next = nextBuild(copy, policy);
  const required = rebuildRequired(copy, next.spec);
  const size = (key: 'cpu' | 'memory' | 'disk') => ({
    value: next.spec?.resources[key] ?? null,
    because: next.refusal ?? `resources.default.${key} holds where a workspace sets none`,
  });
  return {
    stop: stopOf(copy, now),
    start: startOf(copy),
    autoOff: autoOffOf(copy),
    image: { value: next.spec?.image ?? null, because: next.refusal ?? imageReason(copy, policy) },
    cpu: size('cpu'),
    memory: size('memory'),
    disk: size('disk'),
    podSecurity: { value: policy.podSecurity, because: 'pods have the level of the policy' },
    build: {
      value: next.refusal,
      because: next.refusal ? 'the next build would be refused' : 'the policy allows the settings of the workspace',
    },
    rebuildRequired: {
      value: required,
      because: required ? '`status` reports it until the next build' : 'nothing waits for a build',
    },
  };
}

function stopOf(state: State, now: number): Fact {
  const { ending } = state;
  if (ending?.cause === 'policy') return { value: iso(now), because: ending.evidence ?? 'the policy requires it' };
  const stop = upcoming(state).find(({ what }) => what === 'stop');
  if (stop) return { value: iso(stop.at), because: stop.because };
  return { value: null, because: state.phase === 'running' ? 'auto-off is never' : 'it does not run' };
}

/** As `status.autoStart`: also of a workspace that runs, which starts again only when it is off by then. */
function startOf(state: State): Fact {
  const start = plannedStart(state);
  const blocked = hasSchedule(state) ? blockedBecause(state) : 'it has no schedule';
  if (!start || blocked) return { value: null, because: blocked ?? 'no start is planned' };
  return { value: iso(start.beginsAt), because: `auto-start, to be ready at ${iso(start.at)}` };
}

function autoOffOf(state: State): Fact {
  const threshold = autoOffThreshold(state);
  const source = threshold?.source ?? 'organization';
  return { value: threshold && `${threshold.after} (${source})`, because: `it is the ${source}'s auto-off` };
}

function nextBuild(state: State, policy: KnownPolicy): { spec: BuildSpec | null; refusal: string | null } {
  try {
    refuseSuspended(state, policy, 'owner');
    return { spec: wantedSpec(state, state.own, policy), refusal: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { spec: null, refusal: `${error.type}: ${error.message}` };
  }
}

function imageReason({ own }: State, policy: KnownPolicy): string {
  const { moved } = resolveImage(own.image, policy);
  return moved ?? (own.image === null ? "it is the organization's default image" : 'it is the image of the workspace');
}

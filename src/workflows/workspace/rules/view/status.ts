/** Implements docs/messages.md, "Queries": the answers of `status` and `build`, derived from the state. */
import { NO_SUCH_BUILD, replacedBy } from '../../../../contract/messages';
import type { BuildView, StatusView, StepView } from '../../../../contract/payloads';
import { Refusal } from '../../../input/refusal';
import { autoOffAt, autoOffThreshold } from '../auto-off';
import { blockedBecause, effectiveSchedule, plannedStart } from '../auto-start';
import { nextSpec, outdatedTag, waitingChange } from '../build-spec';
import { requiredRebuild } from '../campaign/forced-rebuild';
import { iso, isoOrNull } from '../instant';
import { effectiveDotfiles } from '../owner/owner';
import { deliveredSecrets } from '../secrets/refresh';
import { type BuildRecord, type BuildSpec, newestBuild, type State } from '../state';

/** The answer of `status`. */
export function viewStatus(state: State): StatusView {
  const spec = nextSpec(state);
  const wanted = wantedView(state, spec);
  return {
    workspace: `${state.owner}/${state.name}`,
    id: state.id,
    organization: state.organization,
    state: state.phase,
    since: iso(state.since),
    purgeAt: isoOrNull(state.purgeAt),
    image: { reference: wanted.image, digest: wantedDigest(state, wanted.image) },
    resources: wanted.resources,
    env: state.own.env ?? {},
    dotfiles: effectiveDotfiles(state, state.own),
    build: buildOrNull(state),
    autoOff: viewAutoOff(state),
    autoStart: viewAutoStart(state),
    rebuildRequired: rebuildRequired(state, spec),
    ...deliveredSecrets(state),
    rejected: {
      count: state.rejected.count,
      last: state.rejected.last && { ...state.rejected.last, at: iso(state.rejected.last.at) },
    },
    policyVersion: state.policy?.version ?? null,
  };
}

/** The answer of `build`; the newest build for null. Throws `NotFound` for a number that is not kept. */
export function viewBuild(state: State, number: number | null): BuildView {
  const newest = newestBuild(state);
  const build = number === null ? newest : state.builds.find((record) => record.number === number);
  if (build) return buildView(state, build, { withLines: build === newest });
  const kept = state.builds.map((record) => record.number).join(', ') || 'none yet';
  const replacement = state.replaced?.find((entry) => entry.number === number);
  const came = replacement ? `${number}, which was ${replacedBy(replacement.by)}` : (number ?? 'none');
  throw new Refusal('NotFound', `${NO_SUCH_BUILD} (${kept}), got ${came}`);
}

/** What a campaign requires, why a build is wanted, and what it would change; null for nothing. `wanted` is `nextSpec`. */
export function rebuildRequired(state: State, wanted: BuildSpec | null): string | null {
  return [requiredRebuild(state), changeWaiting(state, wanted)].filter((text) => text !== null).join('; ') || null;
}

/** Null also when no pod is built or runs. */
function changeWaiting(state: State, wanted: BuildSpec | null): string | null {
  if (state.phase !== 'running' && state.phase !== 'building') return null;
  const build = newestBuild(state);
  if (!build || !wanted || state.next) return null;
  const reasons = [outdatedTag(state, build.spec, wanted), waitingChange(build.spec, wanted)].filter((reason) => reason !== null);
  return reasons.length === 0 ? null : reasons.join('; ');
}

function buildOrNull(state: State): BuildView | null {
  const build = newestBuild(state);
  return build && buildView(state, build, { withLines: false });
}

function buildView(state: State, build: BuildRecord, { withLines }: { withLines: boolean }): BuildView {
  const replacement = state.replaced?.find((entry) => entry.number === build.number);
  return {
    number: build.number,
    cause: build.cause,
    by: build.by,
    image: { reference: build.spec.image, digest: build.digest },
    startedAt: iso(build.startedAt),
    endedAt: isoOrNull(build.endedAt),
    steps: build.steps.map(({ lastLines, ...step }): StepView => {
      const view = { ...step, startedAt: isoOrNull(step.startedAt), endedAt: isoOrNull(step.endedAt) };
      return withLines && step.endedAt !== null ? { ...view, lastLines } : view;
    }),
    warnings: build.warnings,
    failure: build.failure,
    ...(replacement && { replacedBy: replacement.by }),
  };
}

function viewAutoOff(state: State): StatusView['autoOff'] {
  const threshold = autoOffThreshold(state);
  return {
    at: isoOrNull(autoOffAt(state)),
    after: threshold?.after ?? null,
    source: threshold?.source ?? null,
    lastAccess: state.lastAccess && { at: iso(state.lastAccess.at), via: state.lastAccess.via },
  };
}

function viewAutoStart(state: State): StatusView['autoStart'] {
  const { autoStart } = state.own;
  const schedule = effectiveSchedule(state);
  if (!autoStart && !schedule) return null;
  const start = plannedStart(state);
  return {
    at: isoOrNull(start?.at ?? null),
    beginsAt: isoOrNull(start?.beginsAt ?? null),
    time: schedule?.time ?? autoStart?.time ?? null,
    timeZone: schedule?.timeZone ?? autoStart?.timeZone ?? null,
    weekdays: schedule?.weekdays ?? autoStart?.weekdays ?? null,
    blockedBecause: blockedBecause(state),
  };
}

function wantedView(state: State, spec: BuildSpec | null): { image: string | null; resources: StatusView['resources'] } {
  if (spec) return { image: spec.image, resources: spec.resources };
  const defaults = state.policy?.resources.default;
  const pick = (key: 'cpu' | 'memory' | 'disk') => state.own.resources[key] ?? defaults?.[key] ?? null;
  return { image: state.own.image, resources: { cpu: pick('cpu'), memory: pick('memory'), disk: pick('disk') } };
}

function wantedDigest(state: State, image: string | null): string | null {
  const build = newestBuild(state);
  return build && build.spec.image === image ? build.digest : null;
}

/**
 * Implements docs/campaigns.md, "In the workspace": a campaign marks the workspace, announces a rebuild, or rebuilds it, each campaign
 * once, however often its requests arrive.
 */
import type { ForceRebuildAnswer, WorkspaceFacts } from '../../../../contract/internal/campaign';
import { judge } from '../../../campaign/rules/judge';
import { parseForceRebuild, parseRequired } from '../../../input/campaign';
import { resolveImage } from '../../../organization/rules/images';
import { wantedSpec } from '../build-spec';
import { iso } from '../instant';
import { currentBuild, type State } from '../state';
import { enter, queueBuild, type Reason } from '../transition';
import type { RequiredRebuild } from './campaigns-state';

/** Campaigns that were served; no campaign repeats a request after ten others. */
const KEPT_CAMPAIGNS = 10;

/** What a campaign judges the workspace by. */
export function factsOf(state: State): WorkspaceFacts {
  return {
    organization: state.organization,
    state: state.phase,
    lastAccessAt: state.lastAccess?.at ?? null,
    isForced: isForced(state),
  };
}

/** Takes the signal `required`. A campaign that was served changes nothing any more. Throws a Refusal for a wrong input or image. */
export function takeRequired(state: State, input: unknown): void {
  const { kind, key, ...request } = parseRequired(input);
  if (kind === 'withdraw') {
    const required = state.campaigns?.required;
    if (required?.key === key && required.rebuildAt !== null) setRequired(state, null);
    return;
  }
  if (state.campaigns?.served.some((served) => served.key === key)) return;
  if (kind === 'announce') return setRequired(state, { key, ...request });
  if (request.image !== null) {
    if (state.policy) resolveImage(request.image, state.policy);
    state.own = { ...state.own, image: request.image };
  }
  setRequired(state, { key, ...request, rebuildAt: null });
  noteServed(state, key, null);
}

/**
 * Takes the update `forceRebuild`: rebuilds the workspace where the judgement of the campaign still holds. Throws a Refusal and changes
 * nothing when the policy does not allow the image or the other settings.
 */
export function requestForcedRebuild(state: State, input: unknown, now: number): ForceRebuildAnswer {
  const { key, campaign, by, reason, organization, waitsUntil, image } = parseForceRebuild(input);
  const facts = factsOf(state);
  const served = state.campaigns?.served.find((known) => known.key === key);
  if (served?.build) return { build: served.build, facts };
  if (judge(facts, { organization, waitsUntil, now }).verdict !== 'rebuild') return { build: null, facts };
  const own = image === null ? state.own : { ...state.own, image };
  if (state.policy) wantedSpec(state, own, state.policy);
  state.own = own;
  const because: Reason = { cause: 'forced-rebuild', by, rule: `campaign ${campaign}`, evidence: reason };
  const build = queueBuild(state, because);
  enter(state, 'building', because, now);
  setRequired(state, null);
  noteServed(state, key, build);
  return { build, facts };
}

/** What a campaign requires, as the beginning of `rebuildRequired`; null where none does. */
export function requiredRebuild({ campaigns }: State): string | null {
  const required = campaigns?.required;
  if (!required) return null;
  const { campaign, by, reason, image, rebuildAt } = required;
  const what = rebuildAt === null ? 'requires a rebuild' : `rebuilds it at ${iso(rebuildAt)} at the latest`;
  return `campaign ${campaign} (by ${by}) ${what}${image === null ? '' : ` with image ${image}`}: ${reason}`;
}

/** The rebuild that is coming; null for none. */
export function comingRebuild(state: State): { at: number; because: string } | null {
  const required = state.campaigns?.required;
  if (!required || required.rebuildAt === null || state.phase !== 'running') return null;
  const { campaign, by, reason, rebuildAt } = required;
  return { at: rebuildAt, because: `campaign ${campaign} (by ${by}): ${reason}; sooner when it is not accessed for 10 minutes` };
}

/** When the announcement ends unless its campaign repeats it, in epoch milliseconds; null for none. */
export function announcementEndsAt({ campaigns }: State): number | null {
  return campaigns?.required?.endsAt ?? null;
}

/** Forgets the announcement: its campaign was terminated, or does not go on. */
export function endAnnouncement(state: State): void {
  setRequired(state, null);
}

/** Every build serves a mark. A past announcement is that of a campaign which was terminated. */
export function noteBuilt(state: State, now: number): void {
  const required = state.campaigns?.required;
  if (required && (required.rebuildAt ?? 0) <= now) setRequired(state, null);
}

function isForced(state: State): boolean {
  return state.phase === 'building' && (state.next ?? currentBuild(state))?.cause === 'forced-rebuild';
}

function setRequired(state: State, required: RequiredRebuild | null): void {
  state.campaigns = { served: [], ...state.campaigns, required };
}

function noteServed(state: State, key: string, build: number | null): void {
  const { required = null, served = [] } = state.campaigns ?? {};
  const others = served.filter((known) => known.key !== key);
  state.campaigns = { required, served: [...others, { key, build }].slice(-KEPT_CAMPAIGNS) };
}

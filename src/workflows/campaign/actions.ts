/** Carries out each decision of a campaign: what is claimed or begun stands in the state before a request is sent. */
import { patched } from '@temporalio/workflow';
import type { CampaignRequest, RequiredInput } from '../../contract/internal/campaign';
import { campaignActivities, campaignCareActivities } from '../activity-options';
import { ownFailure } from '../input/creation';
import { Interrupted, observe } from '../sdk/interruptible';
import { sleepUnless } from '../sdk/sleep-until';
import type { Action } from './rules/decide';
import { beginWait, claim, noteAnnounced, noteWarned, noteWithdrawn, takeEnds, takeList, takeReplies } from './rules/results';
import { ANNOUNCED_MS, type CampaignState, MAX_WORKSPACES, type WorkspaceRecord } from './rules/state';

/** The longest timer at a time. */
const MAX_SLEEP_MS = 24 * 3_600_000;

/** What the loop and the handlers share besides the state. */
export interface CampaignRun {
  state: CampaignState;
  /** Whether a signal has arrived since the last decision. */
  isAwake: boolean;
  /** Whether this run has to end and continue as new. */
  mustHandOver: () => boolean;
  /** `organization/id`. */
  name: string;
}

/** Does one thing. Rejects where an activity ends with a failure. */
export async function act(run: CampaignRun, action: Exclude<Action, { do: 'finish' }>): Promise<void> {
  const { state } = run;
  switch (action.do) {
    case 'list':
      return list(state);
    case 'judge': {
      const summary = `judge ${countOf(action.workspaces)}`;
      const input = { workspaces: action.workspaces };
      return takeReplies(state, await campaignActivities.observeWorkspaces.executeWithOptions({ summary }, [input]), Date.now());
    }
    case 'announce':
      beginWait(state, action.workspaces, Date.now());
      return announce(run, action.workspaces);
    case 'renew':
      return announce(run, action.workspaces);
    case 'warn':
      return warn(run, action.workspaces);
    case 'rebuild':
      return rebuild(run, action.workspaces);
    case 'mark':
      return takeReplies(state, await requireRebuilds(run, 'mark', action.workspaces), Date.now());
    case 'withdraw':
      await requireRebuilds(run, 'withdraw', action.workspaces);
      return noteWithdrawn(state, action.workspaces);
    case 'await':
      return awaitBuilds(run, action.until);
    case 'sleep':
      return sleepUntil(run, action.until, action.summary);
  }
}

async function list(state: CampaignState): Promise<void> {
  const { organization, where } = state.settings;
  const summary = `workspaces of ${organization}`;
  const input = { organization, where, max: MAX_WORKSPACES };
  takeList(state, await ownFailure(() => campaignActivities.listCampaign.executeWithOptions({ summary }, [input])));
}

async function warn(run: CampaignRun, workspaces: string[]): Promise<void> {
  const { state, name } = run;
  const { by, reason } = state.settings;
  const targets = recordsOf(state, workspaces).map(({ workspace, until }) => ({ workspace, rebuildAt: until ?? Date.now() }));
  // A build since the announcement has cleared it.
  await announce(run, workspaces);
  const summary = `warn the terminals of ${countOf(workspaces)}`;
  await campaignCareActivities.warnTerminals.executeWithOptions({ summary }, [{ campaign: name, by, reason, targets }]);
  noteWarned(state, workspaces);
}

/** A run of an earlier version repeats nothing, so what it announced has no end of its own. */
async function announce(run: CampaignRun, workspaces: string[]): Promise<void> {
  const endsAt = patched('announcements-end') ? Date.now() + ANNOUNCED_MS : undefined;
  if (endsAt !== undefined) noteAnnounced(run.state, workspaces, Date.now());
  await requireRebuilds(run, 'announce', workspaces, endsAt);
}

async function rebuild(run: CampaignRun, workspaces: string[]): Promise<void> {
  const { state } = run;
  claim(state, workspaces);
  const targets = recordsOf(state, workspaces).map(({ workspace, until }) => ({ workspace, waitsUntil: until }));
  const input = { request: requestOf(run), organization: state.settings.organization, targets };
  const summary = `rebuild ${countOf(workspaces)}`;
  takeReplies(state, await campaignActivities.forceRebuilds.executeWithOptions({ summary }, [input]), Date.now());
}

function requireRebuilds(run: CampaignRun, kind: RequiredInput['kind'], workspaces: string[], endsAt?: number) {
  const { state } = run;
  const isAnnounced = kind === 'announce';
  const targets = recordsOf(state, workspaces).map(({ workspace, until }) => ({
    workspace,
    rebuildAt: isAnnounced ? until : null,
  }));
  const ends = endsAt === undefined ? {} : { endsAt };
  const input = { request: requestOf(run), kind, organization: state.settings.organization, targets, ...ends };
  const summary = `${kind} ${countOf(workspaces)}`;
  return campaignActivities.requireRebuilds.executeWithOptions({ summary }, [input]);
}

/** Ends with the first rebuilds, at the moment, or at a signal; the rebuilds go on. */
async function awaitBuilds(run: CampaignRun, until: number | null): Promise<void> {
  const { state } = run;
  const builds = (state.records ?? []).flatMap(({ workspace, state: at, build, silentSince }) =>
    at === 'building' && build !== null ? [{ workspace, build, since: silentSince }] : [],
  );
  let isDue = false;
  let isOver = false;
  const isMoot = () => isDue || run.isAwake || run.mustHandOver();
  if (until !== null) {
    void sleepUnless(() => isOver || isMoot(), untilMs(until), 'a workspace is asked again').then(() => {
      isDue = true;
    });
  }
  try {
    const summary = `wait for ${builds.length} rebuilds`;
    const work = () => campaignCareActivities.awaitBuilds.executeWithOptions({ summary }, [{ builds }]);
    const { ends, silent } = await observe(work, isMoot);
    takeEnds(state, ends, silent);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    isOver = true;
  }
}

async function sleepUntil(run: CampaignRun, until: number | null, summary: string): Promise<void> {
  const ms = until === null ? MAX_SLEEP_MS : untilMs(until);
  if (ms > 0) await sleepUnless(() => run.isAwake || run.mustHandOver(), ms, summary);
}

function untilMs(until: number): number {
  return Math.min(MAX_SLEEP_MS, Math.max(1, until - Date.now()));
}

function requestOf({ state, name }: CampaignRun): CampaignRequest {
  const { by, reason, image } = state.settings;
  return { campaign: name, key: state.key, by, reason, image };
}

function recordsOf({ records }: CampaignState, workspaces: string[]): WorkspaceRecord[] {
  const names = new Set(workspaces);
  return (records ?? []).filter(({ workspace }) => names.has(workspace));
}

function countOf(workspaces: string[]): string {
  return workspaces.length === 1 ? (workspaces[0] ?? '') : `${workspaces.length} workspaces`;
}

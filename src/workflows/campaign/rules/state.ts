/**
 * Implements docs/campaigns.md, "Pacing": the state of a campaign, which crosses continue-as-new. Instants are epoch milliseconds. Field
 * names are part of running campaigns.
 */
import type { CampaignPhase, CampaignVerdict, CampaignWorkspaceState } from '../../../contract/campaign';
import { durationMs, HOUR_MS } from '../../../contract/duration';
import { cutText, type TextLimit } from '../../../contract/text-limit';
import type { CampaignSettings } from '../../input/campaign';

/** More would not fit into one payload of the server at their fullest. */
export const MAX_WORKSPACES = 10_000;
/** Failures that are kept in full, and answered by `progress`. */
export const KEPT_FAILURES = 500;
const KEPT_BECAUSE: TextLimit = { characters: 60, bytes: 60 };
const KEPT_REASON: TextLimit = { characters: 300, bytes: 300 };
/** An announcement that is not repeated ends after this, as when its campaign was terminated. */
export const ANNOUNCED_MS = HOUR_MS;
/** A repeated announcement arrives well before the last one ends, also after an outage of some minutes. */
export const RENEW_MS = ANNOUNCED_MS / 3;
/** Time to save open work; a shorter patience is halved. */
const MAX_WARNING_MS = 60_000;

/** Everything that a campaign knows. */
export interface CampaignState {
  schemaVersion: 1;
  settings: CampaignSettings;
  /** The id of the first run, by which workspaces distinguish campaigns of the same id. */
  key: string;
  phase: CampaignPhase;
  /** Why it is paused, stopped, or cancelled; null otherwise. */
  because: string | null;
  startedAt: number;
  /** Null until all is finished. */
  endedAt: number | null;
  /** Null until the workspaces are listed; by name. */
  records: WorkspaceRecord[] | null;
  /** Signals without effect. */
  rejected: number;
}

/** One workspace. */
export interface WorkspaceRecord {
  /** `owner/name`. */
  workspace: string;
  state: CampaignWorkspaceState;
  /** As first judged; null before. */
  verdict: CampaignVerdict | null;
  /** What comes next for a pending workspace; null where it has to be judged. */
  next: 'rebuild' | 'mark' | null;
  because: string | null;
  /** The build that rebuilds it; null before the workspace has answered. */
  build: number | null;
  /** Until when it is waited for; null where it was not announced. */
  until: number | null;
  /** When it is asked again; 0 for at once. */
  againAt: number;
  /** The terminals of the workspace were warned. */
  isWarned: boolean;
  /** Requests in a row that were not answered. */
  tries: number;
  /** Since when it does not answer during its rebuild; null while it does. */
  silentSince: number | null;
  /** When its announcement is repeated; null where it was not announced. */
  renewAt: number | null;
}

/** A new campaign. */
export function createCampaign(settings: CampaignSettings, key: string, now: number): CampaignState {
  return {
    schemaVersion: 1,
    settings,
    key,
    phase: 'running',
    because: null,
    startedAt: now,
    endedAt: null,
    records: null,
    rejected: 0,
  };
}

/** A workspace about which nothing is known. */
export function newRecord(workspace: string): WorkspaceRecord {
  return {
    workspace,
    state: 'pending',
    verdict: null,
    next: null,
    because: null,
    build: null,
    ...NO_WORK,
  };
}

/** The fields of a record that only work on its workspace fills. */
const NO_WORK = { until: null, againAt: 0, isWarned: false, tries: 0, silentSince: null, renewAt: null };

/** The numbers of workspaces that the pacing goes by. */
export interface Tally extends Record<CampaignWorkspaceState, number> {
  /** Pending workspaces that were not judged. */
  unjudged: number;
  /** Pending workspaces that may be rebuilt. */
  ready: number;
  /** Pending workspaces that are to be marked. */
  toMark: number;
}

/** Counts the workspaces. */
export function tally({ records }: CampaignState): Tally {
  const counts: Tally = {
    pending: 0,
    waiting: 0,
    building: 0,
    done: 0,
    failed: 0,
    marked: 0,
    skipped: 0,
    inconclusive: 0,
    unjudged: 0,
    ready: 0,
    toMark: 0,
  };
  for (const { state, next } of records ?? []) {
    counts[state] += 1;
    if (state !== 'pending') continue;
    if (next === 'rebuild') counts.ready += 1;
    else if (next === 'mark') counts.toMark += 1;
    else counts.unjudged += 1;
  }
  return counts;
}

/** Whether the canaries have succeeded, or no workspace is left that could be one. */
export function isCanaryOver({ settings }: CampaignState, counts: Tally): boolean {
  const left = counts.unjudged + counts.ready + counts.waiting + counts.building;
  return counts.done >= settings.canary || (counts.failed === 0 && left === 0);
}

/** Whether no further rebuild is begun. */
export function isEnding({ phase }: CampaignState): boolean {
  return phase === 'stopped' || phase === 'cancelled';
}

/** How long before a rebuild its terminals are warned, in milliseconds. */
export function warningMs({ settings }: CampaignState): number {
  return Math.min(MAX_WARNING_MS, durationMs(settings.patience) / 2);
}

/** Ends the work on a workspace, whose sentence is short except for the first failures. */
export function finishRecord(
  record: WorkspaceRecord,
  state: CampaignWorkspaceState,
  because: string | null,
  isFull = false,
): void {
  Object.assign(record, { state, next: null, ...NO_WORK });
  record.because = because === null ? null : cutText(because, isFull ? KEPT_REASON : KEPT_BECAUSE);
}

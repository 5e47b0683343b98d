/** What callers send to a campaign, and what it answers. */

/** The input of the workflow `campaign`: one paced rebuild of many workspaces of an organization. */
export interface CampaignInput {
  /** The organization whose workspaces are rebuilt. */
  organization: string;
  /** Who asks, at most 200 code points. */
  by: string;
  /** Why, at most 200 code points; people in the workspaces see it. */
  reason: string;
  /** An image reference that becomes each workspace's own. Absent: the image of each workspace, its tag resolved again. */
  image?: string;
  /** A visibility query such as `Owner='ada'`, which narrows the choice. Absent: all workspaces of the organization. */
  where?: string;
  /** Rebuilds under way at once, from 1 to 500. */
  atOnce: number;
  /** The campaign stops itself at this number of failed rebuilds, from 1. */
  maxFailures: number;
  /** Rebuilds that have to succeed before the others begin, from 1. Absent: 1. */
  canary?: number;
  /** How long a workspace in use is waited for, a duration up to 30 days; `0s`: not at all. Absent: `15m`. */
  patience?: string;
  /** An ISO 8601 instant before which nothing begins. Absent: at once. */
  notBefore?: string;
  /** Only answer what would be done, and why. Absent: false. */
  dryRun?: boolean;
}

/** The state of a campaign. `stopped`: it ended itself after failures. */
export type CampaignPhase = 'running' | 'paused' | 'stopped' | 'cancelled' | 'done';

/** What a campaign does with a workspace: rebuild it, mark it for its next start, wait for its user, or leave it alone. */
export type CampaignVerdict = 'rebuild' | 'mark' | 'wait' | 'skip';

/** How far a campaign is with a workspace. `inconclusive`: how its rebuild ended is unknown. */
export type CampaignWorkspaceState =
  | 'pending'
  | 'waiting'
  | 'building'
  | 'done'
  | 'failed'
  | 'marked'
  | 'skipped'
  | 'inconclusive';

/** A rebuild that failed. */
export interface CampaignFailure {
  /** `owner/name`. */
  workspace: string;
  /** The type and message of the failure. */
  reason: string;
}

/** The answer to the query `progress`, and the result of a campaign. `total` is the sum of all but `waiting` and `building`. */
export interface CampaignProgress {
  /** The state of the campaign. */
  state: CampaignPhase;
  /** Why it is paused, stopped, or cancelled; null otherwise. */
  because: string | null;
  /** Whether it only answers what it would do. */
  dryRun: boolean;
  /** Workspaces that the campaign is about; 0 until they are listed. */
  total: number;
  /** Workspaces that were rebuilt. */
  done: number;
  /** Workspaces whose rebuild failed or was refused. */
  failed: number;
  /** Workspaces that did not run, and have what the campaign brings from their next start on. */
  marked: number;
  /** Workspaces that were left alone, since they ended or are another organization's. */
  skipped: number;
  /** Workspaces of which it is unknown how their rebuild ended. */
  inconclusive: number;
  /** Workspaces that are not finished. */
  pending: number;
  /** Of these, workspaces that are waited for since they are in use. */
  waiting: number;
  /** Of these, workspaces whose rebuild is under way. */
  building: number;
  /** The number of workspaces by verdict, each as it was first judged. */
  verdicts: Record<CampaignVerdict, number>;
  /** The first 500 failures. */
  failures: CampaignFailure[];
  /** In the result of a dry run its first 500 workspaces by name; absent otherwise. The query `workspaces` has all. */
  workspaces?: CampaignWorkspace[];
}

/** The query `workspaces`. */
export interface CampaignWorkspacesInput {
  /** How many workspaces are passed over. Absent: 0. */
  offset?: number;
}

/** One workspace of a campaign. */
export interface CampaignWorkspace {
  /** `owner/name`. */
  workspace: string;
  /** How far the campaign is with it. */
  state: CampaignWorkspaceState;
  /** What the campaign was to do with it when it was first judged; null before. */
  verdict: CampaignVerdict | null;
  /** Why, in one sentence; null where there is nothing to say. */
  because: string | null;
  /** The number of the build that rebuilt it; null for none. */
  build: number | null;
  /** Until when it is waited for; null where it is not. */
  waitsUntil: string | null;
}

/** The answer to the query `workspaces`: up to 500 of them, by name. */
export interface CampaignWorkspacesView {
  /** All workspaces of the campaign. */
  total: number;
  /** The workspaces from `offset` on. */
  workspaces: CampaignWorkspace[];
  /** The offset of the next ones; null at the end. */
  next: number | null;
}

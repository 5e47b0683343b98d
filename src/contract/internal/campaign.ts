/** What campaigns and workspaces send each other; validated like the rest, and not for other senders. */
import type { WorkspacePhase } from '../states';

/** Which campaign asks, and for what. */
export interface CampaignRequest {
  /** `organization/id` of the campaign. */
  campaign: string;
  /** The id of the campaign's first run, which differs when an id is used again. */
  key: string;
  /** Who started the campaign. */
  by: string;
  /** Why, for the people in the workspace. */
  reason: string;
  /** The image that becomes the workspace's own; null keeps the present one. */
  image: string | null;
}

/** The signal `required`, from a campaign to a workspace. */
export interface RequiredInput extends CampaignRequest {
  /**
   * `mark`: the next build brings what the campaign brings. `announce`: the campaign rebuilds it at `rebuildAt`. `withdraw`: it does not.
   */
  kind: 'mark' | 'announce' | 'withdraw';
  /** When a workspace in use is rebuilt at the latest, in epoch milliseconds; null unless it is announced. */
  rebuildAt: number | null;
  /** When an announcement that is not repeated ends, in epoch milliseconds. Absent: with the next build after `rebuildAt`. */
  endsAt?: number;
}

/** The update `forceRebuild`, from a campaign to a workspace. */
export interface ForceRebuildInput extends CampaignRequest {
  /** The organization whose workspaces may be rebuilt. */
  organization: string;
  /** Until when the campaign waits for a workspace in use, in epoch milliseconds; null where it has not begun to wait. */
  waitsUntil: number | null;
}

/** What a campaign judges a workspace by. */
export interface WorkspaceFacts {
  /** Its organization; empty where it has ended. */
  organization: string;
  /** Its state; `ended` where its workflow is closed or does not exist. */
  state: WorkspacePhase | 'ended';
  /** Epoch milliseconds; null before the first access. */
  lastAccessAt: number | null;
  /** Whether a campaign's rebuild is under way. */
  isForced: boolean;
}

/** The answer to `forceRebuild`. */
export interface ForceRebuildAnswer {
  /** The build that serves the campaign; null where the workspace may not be rebuilt now. */
  build: number | null;
  /** Why it may not: what the campaign judges it by. */
  facts: WorkspaceFacts;
}

/** What a workspace answered to one request of a campaign. `workspace` is `owner/name`. */
export type CampaignReply =
  | { workspace: string; kind: 'facts'; facts: WorkspaceFacts }
  /** `forceRebuild` was accepted. */
  | { workspace: string; kind: 'build'; build: number }
  /** `required` was sent. */
  | { workspace: string; kind: 'sent' }
  /** The workspace or its policy refused, which no retry changes. */
  | { workspace: string; kind: 'refused'; reason: string }
  | { workspace: string; kind: 'unanswered'; reason: string };

/** How a campaign's rebuild of a workspace ended. */
export interface RebuildEnd {
  /** `owner/name`. */
  workspace: string;
  /** `taken-back`: a person stopped or cancelled it. `gone`: the workspace was purged. `inconclusive`: unknown. */
  end: 'done' | 'failed' | 'taken-back' | 'gone' | 'inconclusive';
  /** A sentence; null where it is done. */
  reason: string | null;
}

/** A workspace that does not answer while it is rebuilt. */
export interface SilentBuild {
  /** `owner/name`. */
  workspace: string;
  /** Since when, in epoch milliseconds. */
  since: number;
}

/** Implements docs/campaigns.md, "In the workspace": the part of a workspace's state that is about campaigns. */

/** What campaigns require of the workspace. */
export interface CampaignsState {
  /** Null for nothing. */
  required: RequiredRebuild | null;
  /** The last campaigns that were served, with the build of each; null for a mark. */
  served: { key: string; build: number | null }[];
}

/** A rebuild that a campaign requires. */
export interface RequiredRebuild {
  /** The id of the campaign's first run. */
  key: string;
  /** `organization/id`. */
  campaign: string;
  by: string;
  reason: string;
  image: string | null;
  /** When the campaign rebuilds the workspace at the latest; null for a mark, which the next build serves. */
  rebuildAt: number | null;
  /** When an announcement ends unless its campaign repeats it, in epoch milliseconds. Absent for a mark, and from earlier versions. */
  endsAt?: number;
}

/** What our own workflows and activities send each other; total and validated like the rest, and not for others. */

/** `build`: the build whose pod was seen; `found`: the newest build the runtime has seen, when it is newer than the workspace's own. */
export interface PodLostInput {
  build: number;
  reason: string;
  counted: boolean;
  found?: number;
}

/** A workspace that can report nothing any more, since its workflow was terminated; `home`: whether its home is still there. */
export interface WorkspaceEndedInput {
  workspace: string;
  id: string;
  home: boolean;
}

/** A workspace's report to its organization, whole each time. */
export interface UsageReport {
  /** Its workflow id. */
  workspace: string;
  /** Tells it from one that was made anew under its name. */
  id: string;
  /** Rises with each report, and is never below the time in epoch milliseconds, so that it rises across a reset too. */
  sequence: number;
  owner: string;
  /** When the policy that it has was last changed, in epoch milliseconds; 0 for none. */
  policyAt: number;
  /** Counted in running, cpu, and memory. */
  running: boolean;
  /** Counted in homes and disk. */
  home: boolean;
  /** Kubernetes quantities. */
  cpu: string;
  memory: string;
  disk: string;
}

/** What Perennial's own workflows and activities send each other; validated like the rest, and not for other senders. */

import type { KnownPolicy } from '../policy';
import type { DeliveredSecret } from '../secrets';
import type { KnownOwner } from './ledger';

/** The signal `policyChanged`, from an organization to its workspaces. */
export interface PolicyChangedInput {
  /** The whole policy. Absent when only the owner's settings changed. */
  policy?: KnownPolicy;
  /** The settings of the workspace's owner, from the owner. Absent: unchanged. */
  owner?: KnownOwner;
}

/** The signal `podLost`, from the watch to a workspace. */
export interface PodLostInput {
  /** The build whose pod was seen to be lost. */
  build: number;
  /** The runtime's reason. */
  reason: string;
  /** Whether it counts towards the losses in an hour after which a workspace is not rebuilt. */
  counted: boolean;
  /** The newest build that the runtime has seen. Absent: none that is newer than the workspace's own. */
  found?: number;
}

/** The signal `secretsChanged`, from the writer of a secret or key to the workspaces that it reaches. It never has a value. */
export interface SecretsChangedInput {
  /**
   * The pod is brought up to date after this many milliseconds, at most 60,000. A writer announces a change this way before it makes
   * it, so that a change survives its writer. Absent: now.
   */
  delayMs?: number;
}

/** What a pod was given, as the activities of `inject-secrets` and of a refresh return it: references, never a value. */
export interface Injection {
  /** The secrets that were delivered. */
  delivered: DeliveredSecret[];
  /** The fingerprint of the SSH key as read back in the pod; null without a key. */
  fingerprint: string | null;
  /** When the pod's token ends, in epoch milliseconds; null where it has none. */
  expiresAt: number | null;
  /** Sentences about what did not arrive. */
  warnings: string[];
  /** There was nothing to deliver. */
  isEmpty: boolean;
}

/** The signal `workspaceEnded`, to an organization and to an owner, about a workspace whose workflow cannot report any more. */
export interface WorkspaceEndedInput {
  /** Its workflow id. */
  workspace: string;
  /** The workspace's id. */
  id: string;
  /** Whether its home still exists. */
  home: boolean;
}

/** The signal `usageReported`, a workspace's whole report to its organization and to its owner. */
export interface UsageReport {
  /** Its workflow id. */
  workspace: string;
  /** The workspace's id, which differs when a workspace is created again under its name. */
  id: string;
  /** Rises with each report, and is never below the time in epoch milliseconds, so that it rises across a reset too. */
  sequence: number;
  /** The workspace's owner. */
  owner: string;
  /** When the policy that it has was last changed, in epoch milliseconds; 0 for none. */
  policyAt: number;
  /** Whether it counts in running, cpu, and memory. */
  running: boolean;
  /** Whether it counts in homes and disk. */
  home: boolean;
  /** Cores, a Kubernetes quantity. */
  cpu: string;
  /** Bytes, a Kubernetes quantity. */
  memory: string;
  /** Bytes, a Kubernetes quantity. */
  disk: string;
  /** As in `Reservation`. Absent in reports to an organization. */
  bornAt?: number;
  /** The workspace's newest build. Absent in reports to an organization. */
  build?: number;
}

/** A workspace that an organization counts, the answer to the query `members`. */
export interface MemberView {
  /** The workspace's owner. */
  owner: string;
  /** The workspace's name. */
  name: string;
  /** The workspace's id. */
  id: string;
  /** Whether it counts in running, cpu, and memory. */
  running: boolean;
}

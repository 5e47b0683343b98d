/** What builds, workspaces, and the workflow of their owner send each other about the owner's ledger and settings. */
import type { QuotaPolicy } from '../policy';
import type { OwnerSettings, Resources } from '../settings';

/** A workspace's build that asks its owner's ledger for what it needs. */
export interface Reservation {
  /** The workspace's name. */
  name: string;
  /** The workspace's id. */
  id: string;
  /** When the workspace was created, in epoch milliseconds. It orders workspaces created one after the other under one name. */
  bornAt: number;
  /** The build's number. */
  build: number;
  /** What the build gets. */
  resources: Resources;
}

/** The answer to one reservation. */
export type ReservationAnswer =
  | {
      outcome: 'granted';
      /** What is reserved for this build; what an earlier attempt asked for, where there was one. */
      reserved: Resources;
    }
  | {
      /** A later build has reserved, or this one has ended. */
      outcome: 'stale';
      /** The newest build that the ledger knows. */
      build: number;
    }
  | {
      outcome: 'refused';
      /** Names the quota, its limit, what is in use, and what was asked for. */
      message: string;
      /** Whether the workspace's home counts all the same. */
      home: boolean;
    };

/** The update `reserve`, from the activity `admit` to the workflow `owner`: the builds that ask at the same time, in one message. */
export interface ReserveInput {
  /** At most a hundred, of builds that asked at the same time. */
  requests: Reservation[];
  /** The quota of the policy that the builds go by. */
  quota: QuotaPolicy;
  /** When that policy was last changed, in epoch milliseconds. */
  policyAt: number;
}

/** The answer to the update `reserve`. */
export interface ReserveAnswer {
  /** In the order of the requests. */
  answers: ReservationAnswer[];
  /** The owner's settings. */
  settings: KnownOwner;
}

/** The settings of an owner, as workspaces keep them. */
export interface KnownOwner extends OwnerSettings {
  /** When they were last changed, in epoch milliseconds; 0: never. */
  changedAt: number;
}

/** A usage report as its owner's ledger takes it. */
export interface OwnerReport extends Reservation {
  /** As in `UsageReport`. */
  sequence: number;
  /** As in `UsageReport`. */
  running: boolean;
  /** As in `UsageReport`. */
  home: boolean;
}

/** What a check of a ledger found about one workspace. */
export interface Finding {
  /** The workspace's name. */
  name: string;
  /** The workspace's id. */
  id: string;
  /** Its newest build; absent when that is not known. */
  build?: number;
  /** Whether it is up with a build that was admitted. */
  running: boolean;
  /** Whether its home exists; absent when that is not known. */
  home?: boolean;
  /** What it uses; absent when that is not known. */
  resources?: Resources;
}

/** The corrections that a check of a ledger returns; workspaces that are as recorded are left out. */
export interface Findings {
  /** One for each entry to correct; a workspace that agrees has none. */
  findings: Finding[];
}

/** What the workspaces of an organization, and of one owner, use. */
import type { QuotaPolicy } from './policy';
import type { OwnerSettings, Resources } from './settings';

/** What one owner uses. CPU and memory count while a workspace is building, running, or turning off; homes and disk until the purge. */
export interface OwnerUsage {
  /** Workspaces that are building, running, or turning off. */
  running: number;
  /** Homes that exist. */
  homes: number;
  /** Cores, a Kubernetes quantity. */
  cpu: string;
  /** Bytes, a Kubernetes quantity. */
  memory: string;
  /** Bytes, a Kubernetes quantity. */
  disk: string;
}

/** The answer to the query `usage`. */
export interface UsageView {
  /** By owner. */
  owners: Record<string, OwnerUsage>;
  /** Of a large organization: the ids of further workflows that answer `usage` too, each for other owners. Absent: none. */
  more?: string[];
}

/** A workspace that uses something, as its owner's ledger counts it. */
export interface OwnerWorkspace {
  /** `owner/name`. */
  workspace: string;
  /** The workspace's id. */
  id: string;
  /** The newest build that reserved or gave back. */
  build: number;
  /** Whether it counts in running, cpu, and memory. */
  running: boolean;
  /** Whether it counts in homes and disk. */
  home: boolean;
  /** As reserved by its newest build. */
  resources: Resources;
}

/** The answer of an owner to the query `status` and to the update `configure`. */
export interface OwnerView {
  /** The owner's name. */
  owner: string;
  /** The organization. */
  organization: string;
  /** The person's own settings. */
  settings: OwnerSettings;
  /** The last change of the settings; null: none yet. */
  changed: {
    /** When, ISO 8601 in UTC. */
    at: string;
    /** Who asked; null: unknown. */
    by: string | null;
    /** The fields that were set, as dotted paths. */
    fields: string[];
  } | null;
  /** What all workspaces of the owner use together. */
  usage: OwnerUsage;
  /** The limits that the last build went by; null before the first build. */
  quota: QuotaPolicy | null;
  /** The workspaces that use something, the first 500. */
  workspaces: OwnerWorkspace[];
}

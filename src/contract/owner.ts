/** What the workflow of an owner answers. */
import type { QuotaPolicy } from './policy';
import type { Dotfiles, Resources } from './settings';
import type { OwnerUsage } from './usage';

/** A person's own settings, the defaults of the person's workspaces in one organization. */
export interface OwnerSettings {
  /** Null: no dotfiles. */
  dotfiles: Dotfiles | null;
  /** Null: neither is set. */
  autoStart: {
    /** Local time of day, `HH:MM`. Null: not set. */
    time: string | null;
    /** An IANA time zone. Null: not set. */
    timeZone: string | null;
  } | null;
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

/** The settings that a workspace may have of its own; inputs, views, and policy are made of them. */

/** The days of a week, in their order. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** A day of the week. */
export type Weekday = (typeof WEEKDAYS)[number];

/** Limits of a workspace as Kubernetes quantities. */
export interface Resources {
  /** Cores, such as `500m` or `2`. */
  cpu: string;
  /** Bytes, such as `2Gi`. */
  memory: string;
  /** Bytes of the home's volume, such as `10Gi`. It may grow, never shrink. */
  disk: string;
}

/** A Git repository that each build clones or updates to `~/dotfiles`. */
export interface Dotfiles {
  /** An `https`, `ssh` (also `git@host:path`), or `file` URI without a password. Blank: no dotfiles. */
  uri: string;
  /** Any name that Git accepts: branch, tag, or commit. Absent: the default branch as it is at the build. */
  ref?: string;
}

/** The daily start of a workspace. */
export interface AutoStartSetting {
  /** Local time of day, `HH:MM`. Absent: from the owner's settings. */
  time?: string;
  /** A name or link of the tz database, in any case, such as `Europe/Berlin`. Absent: from the owner's settings. */
  timeZone?: string;
  /** The days on which it starts. Absent: every day. The organization's weekdays apply as well. */
  weekdays?: Weekday[];
}

/** The workspace's own threshold of inactivity, which holds while the organization allows it (`autoOff.userControlled`). */
export interface AutoOffSetting {
  /** A duration from 1 minute to 30 days, such as `45m`, or `never`. */
  after: string;
}

/** All own settings of one workspace, as its workflow keeps them. */
export interface OwnSettings {
  /** An image reference; null: the organization's default. */
  image: string | null;
  /** Each field absent: the organization's default. */
  resources: Partial<Resources>;
  /** Environment variables by name; null: none. */
  env: Record<string, string> | null;
  /** Null: no dotfiles. */
  dotfiles: Dotfiles | null;
  /** Null: no daily start. */
  autoStart: AutoStartSetting | null;
  /** Null: the organization's threshold. */
  autoOff: AutoOffSetting | null;
}

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

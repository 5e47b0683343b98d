/**
 * What callers send. Unknown fields are ignored, and null counts as absent except in `configure`. `by` and `reason` are at most 200
 * code points.
 */
import type { AutoOffSetting, AutoStartSetting, Dotfiles, Resources } from './settings';

/** The input of the workflow `workspace`. Absent values come from the owner's settings, then from the organization. */
export interface CreateInput {
  /** 1 to 40 of `a-z`, `0-9`, `-`, with a letter or digit at both ends. */
  owner: string;
  /** As `owner`; unique for each owner. */
  name: string;
  /** The organization whose policy holds. Absent: `default`. */
  organization?: string;
  /** An image reference of at most 255 characters. Absent: the organization's `defaultImage`, else the first of its `images`. */
  image?: string;
  /** Each field absent: the organization's `resources.default`. */
  resources?: Partial<Resources>;
  /** Environment variables by name, at most 32 KiB as JSON. Not for secrets: they are kept in histories. Absent: none. */
  env?: Record<string, string>;
  /** Absent: the owner's. A blank URI: none. */
  dotfiles?: Dotfiles;
  /** Absent: the owner's, if the owner has a time and a zone. */
  autoStart?: AutoStartSetting;
  /** Absent: the organization's threshold. */
  autoOff?: AutoOffSetting;
  /** The id of a home without a workspace, of the same owner, to adopt; it becomes the workspace's id. Absent: a new home. */
  home?: string;
  /** Who asks. Absent: unknown. */
  by?: string;
}

/** The signal `ping`: the workspace is in use. */
export interface PingInput {
  /** `ssh`, `terminal`, `web`, `ide`, `api`, or any other text of at most 200 code points. Absent: `api`. */
  via?: string;
  /** The sender's name of the session, at most 200 code points. It has no effect. */
  session?: string;
  /** When it was used, an ISO 8601 instant with its offset; a later one than now counts as now. Absent: now. */
  at?: string;
}

/** `start`, `cancelBuild`, and `restore`. */
export interface ByInput {
  /** Who asks. Absent: unknown. */
  by?: string;
}

/** `stop`. */
export interface StopInput {
  /** Who asks. Absent: unknown. */
  by?: string;
  /** Why, for the history of the workspace. Absent: no reason. */
  reason?: string;
}

/** `rebuild`. `image`, `resources`, and `env` become the workspace's own settings. */
export interface RebuildInput {
  /** Who asks. Absent: unknown. */
  by?: string;
  /** Why, for the history of the workspace. Absent: no reason. */
  reason?: string;
  /** An image reference. Absent: as it is set. */
  image?: string;
  /** Merged field by field into what is set. Absent: as it is set. */
  resources?: Partial<Resources>;
  /** Replaces all variables that are set. Absent: as they are set. */
  env?: Record<string, string>;
}

/** `configure`. An absent field stays as it is; null clears it, and the organization's value holds again. */
export interface ConfigureInput {
  /** Who asks. Absent: unknown. */
  by?: string;
  /** Null: the owner's. */
  autoStart?: AutoStartSetting | null;
  /** Null: the organization's threshold. */
  autoOff?: AutoOffSetting | null;
  /** Null: the organization's default image. */
  image?: string | null;
  /** Merged field by field into what is set; null: the organization's defaults. */
  resources?: Partial<Resources> | null;
  /** Replaces all variables that are set; null: none. */
  env?: Record<string, string> | null;
  /** Null: the owner's. A blank URI: none. */
  dotfiles?: Dotfiles | null;
}

/** The update `configure` of an owner. An absent field stays as it is; null clears it. */
export interface ConfigureOwnerInput {
  /** Who asks. Absent: unknown. */
  by?: string;
  /** Null: no dotfiles. */
  dotfiles?: Dotfiles | null;
  /** Merged field by field into what is set; null: neither. */
  autoStart?: {
    /** Local time of day, `HH:MM`. Null: none. */
    time?: string | null;
    /** A name or link of the tz database, in any case. Null: none. */
    timeZone?: string | null;
  } | null;
}

/** `delete`. */
export interface DeleteInput {
  /** Who asks. Absent: unknown. */
  by?: string;
  /** True: the home is removed now, without the organization's retention. Absent: false. */
  purge?: boolean;
}

/** The query `build`. */
export interface BuildInput {
  /** The number of one of the last ten builds. Absent: the newest. */
  number?: number;
}

/** The input of the workflow `organization`. */
export interface OrganizationInput {
  /** 1 to 40 of `a-z`, `0-9`, `-`, with a letter or digit at both ends. */
  name: string;
  /** Fields of the policy that differ from its defaults. Absent: all defaults. */
  policy?: Record<string, unknown>;
  /** Who asks. Absent: unknown. */
  by?: string;
}

/** The contract's payloads and answers, as types. Instants are ISO 8601 in UTC, durations and quantities are text. */
export type WorkspacePhase = 'off' | 'building' | 'running' | 'turning-off' | 'error' | 'deleted' | 'purged';

export type Cause =
  | 'created'
  | 'manual-start'
  | 'manual-stop'
  | 'manual-rebuild'
  | 'forced-rebuild'
  | 'auto-start'
  | 'auto-off'
  | 'build-finished'
  | 'build-failed'
  | 'build-cancelled'
  | 'pod-lost'
  | 'policy'
  | 'delete'
  | 'restore'
  | 'purge';

export const STEP_NAMES = ['admit', 'prepare-home', 'start-pod', 'inject-secrets', 'configure', 'personalize'] as const;
export type StepName = (typeof STEP_NAMES)[number];
export type StepState = 'waiting' | 'running' | 'done' | 'skipped' | 'warning' | 'failed' | 'cancelled';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Kubernetes quantities. */
export interface Resources {
  cpu: string;
  memory: string;
  disk: string;
}

export interface Dotfiles {
  uri: string;
  ref?: string;
}

/** What a workspace may set of auto-start; missing fields come from the owner's settings. */
export interface AutoStartSetting {
  time?: string;
  timeZone?: string;
  weekdays?: Weekday[];
}

/** A duration such as `45m`, or `never`. */
export interface AutoOffSetting {
  after: string;
}

export interface OwnSettings {
  image: string | null;
  resources: Partial<Resources>;
  env: Record<string, string> | null;
  dotfiles: Dotfiles | null;
  autoStart: AutoStartSetting | null;
  autoOff: AutoOffSetting | null;
}

export interface CreateInput {
  owner: string;
  name: string;
  organization?: string;
  image?: string;
  resources?: Partial<Resources>;
  env?: Record<string, string>;
  dotfiles?: Dotfiles;
  autoStart?: AutoStartSetting;
  autoOff?: AutoOffSetting;
  /** The id of a home without a workspace, of the same owner, to take over. */
  home?: string;
  by?: string;
}

export interface PingInput {
  via?: string;
  session?: string;
  at?: string;
}

export interface ByInput {
  by?: string;
}

export interface StopInput {
  by?: string;
  reason?: string;
}

export interface RebuildInput {
  by?: string;
  reason?: string;
  image?: string;
  resources?: Partial<Resources>;
  env?: Record<string, string>;
}

/** `null` clears a field. */
export interface ConfigureInput {
  by?: string;
  autoStart?: AutoStartSetting | null;
  autoOff?: AutoOffSetting | null;
  image?: string | null;
  resources?: Partial<Resources> | null;
  env?: Record<string, string> | null;
  dotfiles?: Dotfiles | null;
}

export interface DeleteInput {
  by?: string;
  purge?: boolean;
}

export type Outcome = 'accepted' | 'merged' | 'already';

export interface Answer {
  outcome: Outcome;
  state: WorkspacePhase;
  build: number | null;
}

export interface DeleteAnswer {
  outcome: Outcome;
  state: WorkspacePhase;
  purgeAt: string | null;
}

export interface ImageView {
  reference: string;
  digest: string | null;
}

export interface StepView {
  name: StepName;
  state: StepState;
  startedAt: string | null;
  endedAt: string | null;
  attempt: number;
  message: string | null;
  /** In the newest build, once the step has ended: at most 50 of at most 300 characters, masked. */
  lastLines?: string[];
}

export interface BuildFailure {
  type: string;
  message: string;
  step: StepName;
}

export interface BuildView {
  number: number;
  cause: Cause;
  by: string | null;
  image: ImageView;
  startedAt: string;
  endedAt: string | null;
  steps: StepView[];
  warnings: string[];
  failure: BuildFailure | null;
  /** The number of the build that was made in its place, where the workspace itself made it anew; absent otherwise. */
  replacedBy?: number;
}

/** What was wanted is null until the policy is first read, where the policy fills it in. */
export interface StatusView {
  workspace: string;
  id: string;
  organization: string;
  state: WorkspacePhase;
  since: string;
  purgeAt: string | null;
  image: { reference: string | null; digest: string | null };
  resources: { cpu: string | null; memory: string | null; disk: string | null };
  env: Record<string, string>;
  dotfiles: Dotfiles | null;
  build: BuildView | null;
  autoOff: {
    at: string | null;
    after: string | null;
    source: 'organization' | 'workspace' | null;
    lastAccess: { at: string; via: string } | null;
  };
  autoStart: {
    at: string | null;
    beginsAt: string | null;
    time: string | null;
    timeZone: string | null;
    weekdays: Weekday[] | null;
    blockedBecause: string | null;
  } | null;
  rebuildRequired: string | null;
  rejected: { count: number; last: { at: string; name: string; reason: string } | null };
  policyVersion: number | null;
}

export interface HistoryEntry {
  at: string;
  from: WorkspacePhase;
  to: WorkspacePhase;
  cause: Cause;
  by: string | null;
  rule: string | null;
  evidence: string | null;
}

export interface ExplainView {
  why: string;
  next: { at: string; what: 'start' | 'stop' | 'purge'; because: string }[];
  wouldChange: string[];
  history: HistoryEntry[];
}

export interface PolicyChange {
  at: string;
  by: string | null;
  version: number;
  /** The fields that were set, as dotted paths. */
  fields: string[];
}

export interface OrganizationInput {
  name: string;
  policy?: Record<string, unknown>;
  by?: string;
}

export interface OwnerUsage {
  running: number;
  homes: number;
  cpu: string;
  memory: string;
  disk: string;
}

export interface UsageView {
  owners: Record<string, OwnerUsage>;
  /** Of a large organization: the ids of further workflows that answer `usage` too, each for other owners. */
  more?: string[];
}

/** What a workspace answers. Instants are ISO 8601 in UTC, such as `2026-03-29T06:30:00.000Z`. */
import type { DeliveredSecret } from './secrets';
import type { Dotfiles, Weekday } from './settings';
import type { Cause, Outcome, StepName, StepState, WorkspacePhase } from './states';

/** The answer to `start`, `stop`, `rebuild`, `cancelBuild`, and `restore`. It never waits for the work. */
export interface Answer {
  /** What the request led to. */
  outcome: Outcome;
  /** The state after the request was taken. */
  state: WorkspacePhase;
  /** For `start` and `rebuild` the build that will serve it, for `cancelBuild` the cancelled one, else null. */
  build: number | null;
}

/** The answer to `delete`. */
export interface DeleteAnswer {
  /** What the request led to. */
  outcome: Outcome;
  /** The state after the request was taken. */
  state: WorkspacePhase;
  /** When the home is removed; null where nothing is. */
  purgeAt: string | null;
}

/** An image of a build. */
export interface ImageView {
  /** The reference as it was wanted, such as `starter:1`. */
  reference: string;
  /** What the reference resolved to, such as `sha256:…`; null before that. */
  digest: string | null;
}

/** One step of a build. */
export interface StepView {
  /** Which of the six steps. */
  name: StepName;
  /** How far it is. */
  state: StepState;
  /** Null before it began. */
  startedAt: string | null;
  /** Null before it ended. */
  endedAt: string | null;
  /** The attempt that it ended with, from 1; 0 before it began. */
  attempt: number;
  /** What it did, or why it failed or was skipped, at most 500 characters; null: nothing to say. */
  message: string | null;
  /** In the newest build, once the step has ended: at most 50 lines of at most 300 characters, masked. Absent otherwise. */
  lastLines?: string[];
}

/** Why a build failed. */
export interface BuildFailure {
  /** A failure type, such as `ImageNotFound`. */
  type: string;
  /** One sentence of at most 500 characters. */
  message: string;
  /** The step that failed. */
  step: StepName;
}

/** One build, the answer to the query `build`. */
export interface BuildView {
  /** Counted from 1 for each workspace. */
  number: number;
  /** Why it was begun. */
  cause: Cause;
  /** Who asked for it, or `schedule`, `inactivity`, `watch`; null: unknown. */
  by: string | null;
  /** The image that it runs. */
  image: ImageView;
  /** When it began. */
  startedAt: string;
  /** When it ended, well or not; null while it is under way. */
  endedAt: string | null;
  /** All six steps, in their order. */
  steps: StepView[];
  /** Sentences about what did not stop the build. */
  warnings: string[];
  /** Null unless the build failed. */
  failure: BuildFailure | null;
  /** The build that the workspace itself began in the place of this one. Absent: none. */
  replacedBy?: number;
}

/** Auto-off, as it holds now. */
export interface AutoOffView {
  /** When the workspace is stopped unless it is accessed before; null where nothing is planned. */
  at: string | null;
  /** The threshold, a duration or `never`; null until the policy was first read. */
  after: string | null;
  /** Whose threshold it is; null until the policy was first read. */
  source: 'organization' | 'workspace' | null;
  /** The newest access and how it came; null before the first. */
  lastAccess: { at: string; via: string } | null;
}

/** Auto-start, as it holds now. */
export interface AutoStartView {
  /** The next instant of the time set; null where no start is planned. */
  at: string | null;
  /** When that build begins, up to 5 minutes before `at`; null where no start is planned. */
  beginsAt: string | null;
  /** Local time of day, `HH:MM`; null: not set. */
  time: string | null;
  /** A time zone of the tz database; null: not set. */
  timeZone: string | null;
  /** The days on which it starts; null while none are set and no start can be planned. */
  weekdays: Weekday[] | null;
  /** A sentence that says why it would not start; null: nothing is in its way. */
  blockedBecause: string | null;
}

/** What was sent wrong, and had no effect. */
export interface RejectedView {
  /** Signals that were refused since the creation. */
  count: number;
  /** The newest of them; null: none. */
  last: {
    /** When it came. */
    at: string;
    /** The signal. */
    name: string;
    /** What was expected, and what came. */
    reason: string;
  } | null;
}

/** The answer to the query `status`. What the policy would fill in is null until the policy was first read. */
export interface StatusView {
  /** `owner/name`. */
  workspace: string;
  /** Made at the creation, and kept for as long as the home. */
  id: string;
  /** The organization whose policy holds. */
  organization: string;
  /** The state now. */
  state: WorkspacePhase;
  /** When this state was entered. */
  since: string;
  /** When the home is removed; null unless the workspace is deleted, or being deleted. */
  purgeAt: string | null;
  /** As wanted; the digest where the current build runs this reference, else null. */
  image: { reference: string | null; digest: string | null };
  /** As wanted, Kubernetes quantities. */
  resources: { cpu: string | null; memory: string | null; disk: string | null };
  /** As wanted, without the variables that Perennial sets. */
  env: Record<string, string>;
  /** As wanted; null: none. */
  dotfiles: Dotfiles | null;
  /** The newest build; null before the first. */
  build: BuildView | null;
  /** When and why inactivity stops it. */
  autoOff: AutoOffView;
  /** Null: no daily start. */
  autoStart: AutoStartView | null;
  /** A sentence: what waits for the next build, or why one is wanted. Null: nothing. */
  rebuildRequired: string | null;
  /** As delivered to the pod that runs, names without values; empty without a pod. */
  secrets: DeliveredSecret[];
  /** The fingerprint of the owner's SSH key as read back in the pod that runs, `SHA256:…`; null: it has none. */
  sshKey: string | null;
  /** What was sent wrong. */
  rejected: RejectedView;
  /** The version of the policy that holds here; null until it was first read. */
  policyVersion: number | null;
}

/** One change of state. */
export interface HistoryEntry {
  /** When. */
  at: string;
  /** The `to` of the entry before; `off` in the first. */
  from: WorkspacePhase;
  /** The state entered. */
  to: WorkspacePhase;
  /** Why. */
  cause: Cause;
  /** Who asked, or `schedule`, `inactivity`, `watch`; null: unknown. */
  by: string | null;
  /** The policy version or the setting that decided; null: none did. */
  rule: string | null;
  /** The facts: last access, threshold, exit code, the cluster's reason, a request that superseded. Null: none. */
  evidence: string | null;
}

/** Something that will happen unless a message changes it. */
export interface NextAction {
  /** When. */
  at: string;
  /** What the workspace will do. */
  what: 'start' | 'stop' | 'rebuild' | 'purge';
  /** A sentence that says why. */
  because: string;
}

/** The answer to the query `explain`. */
export interface ExplainView {
  /** A sentence: why the workspace is in its state. */
  why: string;
  /** What happens next, soonest first. */
  next: NextAction[];
  /** Sentences: what would change that. */
  wouldChange: string[];
  /** The last 50 changes of state, oldest first. */
  history: HistoryEntry[];
}

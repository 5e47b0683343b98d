/**
 * The state of a workspace behind all of docs/messages.md: one plain JSON value that crosses continue-as-new unchanged. Instants are
 * epoch milliseconds. Handlers write what is wanted, the loop writes what was observed. Field names are part of running workflows.
 */
import type {
  BuildFailure,
  Cause,
  Dotfiles,
  HistoryEntry,
  Resources,
  StepName,
  StepState,
  WorkspacePhase,
} from '../../../contract/payloads';
import type { KnownPolicy } from '../../../contract/policy';
import type { OwnSettings } from '../../../contract/settings';
import type { Creation } from '../../input/messages';
import type { CampaignsState } from './campaign/campaigns-state';
import type { LedgerState } from './owner/ledger-state';
import { noSecrets, type SecretsState } from './secrets/secrets-state';

/** Everything that a workspace knows. */
export interface State {
  schemaVersion: 1;
  id: string;
  owner: string;
  name: string;
  organization: string;
  createdAt: number;
  /** The home named at creation has still to be adopted. */
  adopt: boolean;
  /** The workspace's own settings; missing values come from the policy. */
  own: OwnSettings;

  phase: WorkspacePhase;
  since: number;
  history: HistoryRecord[];
  policy: KnownPolicy | null;
  policyDueAt: number;
  /** When the policy was last read or pushed; 0 before. */
  policyReadAt: number;
  /** When a read of the policy last began; 0 before. */
  policyAskedAt: number;
  /** Signals that arrived before the policy was first read; they are taken as soon as it is. */
  early: { name: string; input: unknown }[];

  builds: BuildRecord[];
  /** The highest number assigned; never assigned twice, not even after a reset. */
  buildNumber: number;
  /** The queued build, which begins when the current one has ended and is cleaned up; null for none. */
  next: NextBuild | null;
  /** The last numbers whose build was replaced by another one; absent in older runs. */
  replaced?: { number: number; by: number }[];
  /** Why the pod is being removed, and the state that follows; null when it is not. */
  ending: Ending | null;
  /** The recorded volume; null until `prepare-home` has made it. */
  home: { identity: string; disk: string } | null;
  /** `prepare-home` ran, so an unrecorded home may exist. A home that is still to be adopted does not count. */
  homeMayExist: boolean;
  /** The highest build whose pod may exist; null when no pod can exist. */
  podBuild: number | null;
  /** When the home is purged; null while the workspace is not deleted. */
  purgeAt: number | null;
  /** What a stop or purge waits for whose first attempts failed, and since when; null otherwise. */
  blocked: { since: number; because: string } | null;

  /** Null before the first access. */
  lastAccess: { at: number; via: string } | null;
  /** When a person last created, started, or rebuilt it. */
  byHandAt: number;
  window: AutoOffWindow;
  /** When pods were lost in the last hour, counted losses only. */
  losses: number[];

  /** Absent before the first campaign. */
  campaigns?: CampaignsState;

  schedule: ScheduleState;
  secrets: SecretsState;

  rejected: { count: number; last: { at: number; name: string; reason: string } | null };
  /** The last usage report as JSON, empty to send it again, and its sequence number. */
  report: { sequence: number; sent: string };
  /** The owner's ledger and settings; absent until a worker that has ledgers answered. */
  ledger?: LedgerState;
  /** The search attributes as last upserted. */
  published: Record<string, string | number | null>;
  /** The auto-off that the sleeping timer was armed for. */
  armedAutoOffAt: number | null;
  /** Continue as new at this many events; null leaves it to the server's suggestion. Set by tests. */
  continueAsNewAfterEvents: number | null;
}

/** A change of state. */
export interface HistoryRecord extends Omit<HistoryEntry, 'at'> {
  at: number;
}

/** What a build makes, fixed when it begins. */
export interface BuildSpec {
  image: string;
  resources: Resources;
  env: Record<string, string>;
  dotfiles: Dotfiles | null;
}

/** A build, from its begin on. */
export interface BuildRecord {
  number: number;
  cause: Cause;
  by: string | null;
  /** Complete for the newest build only; `env` and `dotfiles` of older builds are dropped. */
  spec: BuildSpec;
  /** The digest to run again after a lost pod; null to resolve the tag. */
  pinnedDigest: string | null;
  /** The digest that runs; null until `start-pod` has ended. */
  digest: string | null;
  startedAt: number;
  endedAt: number | null;
  steps: StepRecord[];
  warnings: string[];
  failure: BuildFailure | null;
  /** Milliseconds of the deadline that ended steps have used. */
  spentMs: number;
  /** How often the pod was lost and the build went back to `start-pod`. */
  restarts: number;
  /** Whether `inject-secrets` has work: the installation keeps secrets. Absent otherwise, and in older builds. */
  injects?: true;
  /** A person waits for this scheduled build, which has a person's priority since; absent otherwise. */
  isHastened?: true;
}

/** A step of a build. */
export interface StepRecord {
  name: StepName;
  state: StepState;
  startedAt: number | null;
  endedAt: number | null;
  attempt: number;
  message: string | null;
  /** The last lines of a hook's output, of the newest build only. */
  lastLines: string[];
}

/** A queued build. */
export interface NextBuild {
  number: number;
  cause: Cause;
  by: string | null;
  rule: string | null;
  evidence: string | null;
}

/** A clean-up and the state that follows. `build`: `off`, then the queued build. `error`: after a failed build. */
export interface Ending {
  to: 'off' | 'deleted' | 'build' | 'error';
  cause: Cause;
  by: string | null;
  rule: string | null;
  evidence: string | null;
}

/** The window of inactivity. */
export interface AutoOffWindow {
  /** When the window last started again. */
  startedAt: number;
  /** No stop before this, whatever the threshold. */
  notBefore: number;
  /** A stop that fell due in an outage, and until when it is put off; null without one. */
  outage: { offAt: number; until: number } | null;
  /** The auto-off that fell due: its moment, when it was first seen as due, and when the last look was answered. */
  due: { offAt: number; seenAt: number; lookedAt: number | null } | null;
}

/** The auto-start of a workspace. */
export interface ScheduleState {
  /** Occurrences at or before this are never considered again. */
  after: number;
  /** The next occurrence, for the schedule and policy named by `key`. */
  plan: PlannedStart | null;
  /** The time set of a start that began early; the auto-off window is renewed then. */
  renewAt: number | null;
  /** The last start that was skipped, and why. */
  skipped: { at: number; because: string } | null;
}

/** A computed plan. */
export interface PlannedStart {
  /** The schedule, policy, and `after` that it was computed from. */
  key: string;
  /** The local date, `YYYY-MM-DD`; empty without a start. */
  date: string;
  /** The time set; zero without a start. */
  at: number;
  /** Why no start could be computed, and when that is tried again. */
  missing?: { because: string; againAt: number };
}

/** The state of a new workspace, whose first build is queued. */
export function createState(creation: Creation, id: string, now: number): State {
  return {
    schemaVersion: 1,
    id,
    owner: creation.owner,
    name: creation.name,
    organization: creation.organization,
    createdAt: now,
    adopt: creation.home !== null,
    own: creation.own,
    phase: 'building',
    since: now,
    history: [{ at: now, from: 'off', to: 'building', cause: 'created', by: creation.by, rule: null, evidence: null }],
    policy: null,
    policyDueAt: now,
    policyReadAt: 0,
    policyAskedAt: 0,
    early: [],
    builds: [],
    buildNumber: 1,
    next: { number: 1, cause: 'created', by: creation.by, rule: null, evidence: null },
    ending: null,
    home: null,
    homeMayExist: false,
    podBuild: null,
    purgeAt: null,
    blocked: null,
    lastAccess: null,
    byHandAt: now,
    window: { startedAt: now, notBefore: 0, outage: null, due: null },
    losses: [],
    schedule: { after: now, plan: null, renewAt: null, skipped: null },
    secrets: noSecrets(),
    rejected: { count: 0, last: null },
    report: { sequence: 0, sent: '' },
    published: {},
    armedAutoOffAt: null,
    continueAsNewAfterEvents: creation.continueAsNewAfterEvents,
  };
}

/** The build that has not ended; null when there is none. */
export function currentBuild(state: State): BuildRecord | null {
  const newest = state.builds.at(-1);
  return newest && newest.endedAt === null ? newest : null;
}

/** The build with the highest number; while the workspace runs, its pod runs. Null before the first build. */
export function newestBuild(state: State): BuildRecord | null {
  return state.builds.at(-1) ?? null;
}

/**
 * What a workspace knows: one plain JSON value that crosses continue-as-new unchanged. Instants are epoch milliseconds.
 * Handlers write what is wanted, the loop writes what was seen; nothing else is remembered anywhere.
 */
import type {
  BuildFailure,
  Cause,
  Dotfiles,
  OwnSettings,
  Resources,
  StepName,
  StepState,
  WorkspacePhase,
} from '../../../contract/payloads';
import type { KnownPolicy } from '../../../contract/policy';
import type { Creation } from '../../input/messages';

export const KEPT_EARLY_CHARACTERS = 60_000;

export interface State {
  schemaVersion: 1;
  id: string;
  owner: string;
  name: string;
  organization: string;
  createdAt: number;
  /** The home given at creation is still to be taken over. */
  adopt: boolean;
  /** The workspace's own settings; what is missing comes from the policy. */
  own: OwnSettings;

  phase: WorkspacePhase;
  since: number;
  history: HistoryRecord[];
  policy: KnownPolicy | null;
  policyDueAt: number;
  /** When the policy was last read or pushed; 0 before. */
  policyReadAt: number;
  /** When it was last asked for; 0 before. */
  policyAskedAt: number;
  /** Signals that came before the policy was first read; they are judged as soon as it is. */
  early: { name: string; input: unknown }[];

  builds: BuildRecord[];
  /** The highest number given out; never given twice, not even after a reset. */
  buildNumber: number;
  /** The build that begins as soon as nothing is in its way. */
  next: NextBuild | null;
  /** Numbers whose build was replaced by that of another number, the last ones; older runs have none. */
  replaced?: { number: number; by: number }[];
  /** Why what there is comes down, and where that leads. */
  ending: Ending | null;
  home: { identity: string; disk: string } | null;
  /** A home was asked for, so that there may be one that was never recorded. One that is only to be adopted is not the workspace's. */
  homeMayExist: boolean;
  /** The highest build whose pod may exist; null when certainly none does. */
  podBuild: number | null;
  purgeAt: number | null;
  /** What a stop or purge waits for that did not end at its first attempts, and when that was first known. */
  blocked: { since: number; because: string } | null;

  lastAccess: { at: number; via: string } | null;
  /** When a person last created, started, or rebuilt it. */
  byHandAt: number;
  window: AutoOffWindow;
  /** Counted losses of pods in the last hour. */
  losses: number[];

  schedule: ScheduleState;

  rejected: { count: number; last: { at: number; name: string; reason: string } | null };
  /** What the organization was last told, and how often. */
  report: { sequence: number; sent: string };
  /** Search attributes as last upserted. */
  published: Record<string, string | number | null>;
  /** The auto-off that the sleeping timer was armed for. */
  armedAutoOffAt: number | null;
  /** A test's lower number; null leaves it to the server's suggestion. */
  continueAsNewAfterEvents: number | null;
}

export interface HistoryRecord {
  at: number;
  from: WorkspacePhase;
  to: WorkspacePhase;
  cause: Cause;
  by: string | null;
  rule: string | null;
  evidence: string | null;
}

/** What a build makes: settled when it begins. */
export interface BuildSpec {
  image: string;
  resources: Resources;
  env: Record<string, string>;
  dotfiles: Dotfiles | null;
}

export interface BuildRecord {
  number: number;
  cause: Cause;
  by: string | null;
  /** Kept for the newest build only; older ones keep the image alone. */
  spec: BuildSpec;
  /** The digest to run again after a lost pod. */
  pinnedDigest: string | null;
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
  /** A person waits for this scheduled build, which goes before other scheduled ones from then on. */
  isHastened?: true;
}

export interface StepRecord {
  name: StepName;
  state: StepState;
  startedAt: number | null;
  endedAt: number | null;
  attempt: number;
  message: string | null;
  lastLines: string[];
}

export interface NextBuild {
  number: number;
  cause: Cause;
  by: string | null;
  rule: string | null;
  evidence: string | null;
}

/** `build`: clean up, then `off`, then the next build. `error`: clean up after a failure. */
export interface Ending {
  to: 'off' | 'deleted' | 'build' | 'error';
  cause: Cause;
  by: string | null;
  rule: string | null;
  evidence: string | null;
}

export interface AutoOffWindow {
  /** When the window last started afresh. */
  startedAt: number;
  /** No stop before this, whatever the threshold says. */
  notBefore: number;
  /** A stop that fell due in an outage, and until when it is put off for that. */
  outage: { offAt: number; until: number } | null;
  /** The auto-off that fell due: which, when it was first seen as due, and when the last look was answered. */
  due: { offAt: number; seenAt: number; lookedAt: number | null } | null;
}

export interface ScheduleState {
  /** Occurrences at or before this are over. */
  after: number;
  /** The next occurrence, for the schedule and policy named by `key`. */
  plan: PlannedStart | null;
  /** A start that began early; the window is renewed when its time comes. */
  renewAt: number | null;
  skipped: { at: number; because: string } | null;
}

export interface PlannedStart {
  key: string;
  /** The local date, `YYYY-MM-DD`; empty without a start. */
  date: string;
  /** Zero without a start. */
  at: number;
  /** Why none could be computed, and when that is tried again. */
  missing?: { because: string; againAt: number };
}

/** A workspace as it is the moment it is created: it builds at once. */
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
    rejected: { count: 0, last: null },
    report: { sequence: 0, sent: '' },
    published: {},
    armedAutoOffAt: null,
    continueAsNewAfterEvents: creation.continueAsNewAfterEvents,
  };
}

/** The build under way, or null. */
export function currentBuild(state: State): BuildRecord | null {
  const newest = state.builds.at(-1);
  return newest && newest.endedAt === null ? newest : null;
}

/** The build whose pod runs: the newest one, while the workspace runs. */
export function newestBuild(state: State): BuildRecord | null {
  return state.builds.at(-1) ?? null;
}

/**
 * Implements docs/rules-of-time.md: what a workspace does next, and why, as a pure function of the state and the moment. The loop acts
 * on it; `explain` and the current details show it. Everything that happens with time is decided here; requests and lost pods change
 * the state in their handlers.
 */
import { DOWN_STATES } from '../../../contract/states';
import { autoOffAt, autoOffThreshold } from './auto-off';
import { blockedBecause, MISSED_AFTER_MS, plannedStart, planRetryAt, wantedPlan } from './auto-start';
import { announcementEndsAt, comingRebuild } from './campaign/forced-rebuild';
import { iso } from './instant';
import { refreshAt } from './secrets/refresh';
import { currentBuild, type State } from './state';

/** How long a scheduled start waits for the read of the policy that it requested. */
const POLICY_READ_TIMEOUT_MS = 10_000;

/** An action of the loop. */
export type Decision =
  /** Compute the next occurrence of the schedule. */
  | { do: 'plan' }
  /** Read the policy again, in the background: a push may have been missed. */
  | { do: 'readPolicy' }
  /** Give the pod its secrets again, in the background. */
  | { do: 'refreshSecrets' }
  /** Begin the queued build. */
  | { do: 'begin' }
  /** Continue the current build. */
  | { do: 'build' }
  /** Remove the pod, then enter the state that this leads to. */
  | { do: 'clean' }
  /** Ask the runtime for recent terminal input before the auto-off. */
  | { do: 'lastLook'; offAt: number }
  | { do: 'autoOff'; offAt: number }
  | { do: 'autoStart'; at: number }
  /** The time set passed while running: the auto-off window starts again. */
  | { do: 'renew'; at: number }
  /** A campaign repeats its announcement no more. */
  | { do: 'endAnnouncement' }
  /** The date passes without a start. */
  | { do: 'skipDate'; at: number; because: string }
  | { do: 'purge' }
  | { do: 'sleep'; until: number; summary: string };

/** A change of state that will happen by itself. */
export interface Upcoming {
  /** Epoch milliseconds. */
  at: number;
  what: 'start' | 'stop' | 'rebuild' | 'purge';
  because: string;
}

/** The next action of the loop. */
export function decide(state: State, now: number): Decision {
  if (state.ending || isStrayPod(state)) return { do: 'clean' };
  if (currentBuild(state)) return { do: 'build' };
  if (state.next && state.policy) return { do: 'begin' };
  if (wantedPlan(state, now)) return { do: 'plan' };
  if (state.policyDueAt <= now) return { do: 'readPolicy' };
  const announcedUntil = announcementEndsAt(state);
  if (announcedUntil !== null && announcedUntil <= now) return { do: 'endAnnouncement' };
  if (state.phase === 'running') return decideRunning(state, now);
  if (state.phase === 'off' || state.phase === 'error') return decideOff(state, now);
  if (state.phase === 'deleted' && state.purgeAt !== null && state.purgeAt <= now) return { do: 'purge' };
  return sleep(state, [state.phase === 'deleted' ? state.purgeAt : null]);
}

/** What will happen without any further request, soonest first. */
export function upcoming(state: State): Upcoming[] {
  const list: Upcoming[] = [];
  const offAt = autoOffAt(state);
  const threshold = autoOffThreshold(state);
  if (offAt !== null && threshold) {
    const because = `not used for ${threshold.after}, the ${threshold.source}'s auto-off`;
    list.push({ at: offAt, what: 'stop', because });
  }
  const start = plannedStart(state);
  if (start && blockedBecause(state) === null && (state.phase === 'off' || state.phase === 'error')) {
    list.push({ at: start.beginsAt, what: 'start', because: `auto-start, to be ready at ${iso(start.at)}` });
  }
  const rebuild = comingRebuild(state);
  if (rebuild) list.push({ ...rebuild, what: 'rebuild' });
  const waiting = state.blocked && `it has not ended yet and waits for: ${state.blocked.because}`;
  if (state.ending && waiting) list.push({ at: state.since, what: 'stop', because: waiting });
  if (state.purgeAt !== null) {
    const isPurging = state.phase === 'deleted' && waiting;
    list.push({ at: state.purgeAt, what: 'purge', because: isPurging ? waiting : 'it was deleted and is kept until then' });
  }
  return list.sort((a, b) => a.at - b.at);
}

/** Whether a pod may run although none should: after a reset, or after a loss that was reported wrongly. */
function isStrayPod(state: State): boolean {
  return DOWN_STATES.has(state.phase) && state.podBuild !== null;
}

function decideRunning(state: State, now: number): Decision {
  const freshUntil = refreshAt(state);
  if (freshUntil !== null && freshUntil <= now) return { do: 'refreshSecrets' };
  const renewAt = state.schedule.renewAt ?? plannedStart(state)?.at ?? null;
  if (renewAt !== null && renewAt <= now) return { do: 'renew', at: renewAt };
  const offAt = autoOffAt(state);
  if (offAt === null || offAt > now) return sleep(state, [offAt, renewAt, freshUntil]);
  const { due } = state.window;
  return due?.offAt === offAt && due.lookedAt !== null ? { do: 'autoOff', offAt } : { do: 'lastLook', offAt };
}

function decideOff(state: State, now: number): Decision {
  const start = plannedStart(state);
  if (!start) return sleep(state, []);
  if (start.beginsAt > now) return sleep(state, [start.beginsAt]);
  const read = policyReadFirst(state, start.beginsAt, now);
  if (read) return read;
  const blocked = blockedBecause(state);
  if (blocked) return start.at > now ? sleep(state, [start.at]) : { do: 'skipDate', at: start.at, because: blocked };
  if (now - start.at > MISSED_AFTER_MS) return { do: 'skipDate', at: start.at, because: 'it was missed by more than 30 minutes' };
  return { do: 'autoStart', at: start.at };
}

/** A policy is pushed to running workspaces only, so a workspace that is off reads it before it starts or skips a date. */
function policyReadFirst(state: State, since: number, now: number): Decision | null {
  if (state.policyReadAt >= since) return null;
  if (state.policyAskedAt < since) return { do: 'readPolicy' };
  const until = state.policyAskedAt + POLICY_READ_TIMEOUT_MS;
  return until > now ? sleep(state, [until]) : null;
}

/** Sleeps until the earliest of these moments, or until the next read of the policy. */
function sleep(state: State, moments: (number | null)[]): Decision {
  const until = Math.min(
    ...[...moments, planRetryAt(state), announcementEndsAt(state)].filter((at) => at !== null),
    state.policyDueAt,
  );
  const next = upcoming(state).find(({ what }) => what !== 'rebuild');
  if (!next || next.what === 'rebuild' || next.at > until) return { do: 'sleep', until, summary: summaryOfCare(state, until) };
  const what = { start: 'auto-start at', stop: 'auto-off not before', purge: 'the home is purged at' }[next.what];
  return { do: 'sleep', until, summary: `${what} ${iso(next.at).slice(0, 16).replace('T', ' ')} UTC` };
}

/** What happens at the end of a sleep that changes no state of the workspace. */
function summaryOfCare(state: State, until: number): string {
  if (announcementEndsAt(state) === until) return 'nothing is due; the announcement of a campaign ends';
  return refreshAt(state) === until ? 'nothing is due; next refresh of the secrets' : 'nothing is due; next read of the policy';
}

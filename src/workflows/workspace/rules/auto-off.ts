/** The rule of inactivity: when a running workspace is stopped, and what puts that off. */
import { durationMs, MINUTE_MS } from '../../../contract/duration';
import { newestBuild, type State } from './state';

/** A stop that comes up for decision later than this fell due in an outage. */
export const OUTAGE_LATENESS_MS = 30_000;
/** So long after an outage nothing is stopped: pings may have had no way in. */
export const OUTAGE_GRACE_MS = 2 * MINUTE_MS;
/** A threshold made shorter stops nothing sooner than this. */
export const SHORTENED_GRACE_MS = MINUTE_MS;
/** What is left of the old window at least, after a lost pod or a forced rebuild. */
export const KEPT_WINDOW_MS = 10 * MINUTE_MS;

export interface Threshold {
  after: string;
  source: 'organization' | 'workspace';
}

/** The threshold in force; null until the policy is first read. */
export function autoOffThreshold(state: State): Threshold | null {
  const { policy, own } = state;
  if (!policy) return null;
  if (own.autoOff && policy.autoOff.userControlled) return { after: own.autoOff.after, source: 'workspace' };
  return { after: policy.autoOff.after, source: 'organization' };
}

/** When the workspace is stopped if nobody uses it any more, in epoch milliseconds; null for never, or while it does not run. */
export function autoOffAt(state: State): number | null {
  const endsAt = windowEndsAt(state);
  return endsAt === null ? null : Math.max(endsAt, state.window.notBefore);
}

/** Whether a workspace whose pod is gone has nothing to be rebuilt for. What puts a stop off after an outage protects living pods only. */
export function isOverWithoutPod(state: State, now: number): boolean {
  const isInOutage = state.window.outage !== null && state.window.outage.until > now;
  const offAt = isInOutage ? windowEndsAt(state) : autoOffAt(state);
  return offAt !== null && offAt <= now;
}

function windowEndsAt(state: State): number | null {
  const threshold = autoOffThreshold(state);
  if (state.phase !== 'running' || !threshold || threshold.after === 'never') return null;
  return Math.max(state.window.startedAt, state.lastAccess?.at ?? 0) + durationMs(threshold.after);
}

/** Takes an access. It only moves a number: no timer is armed, and the next decision sees it. */
export function noteAccess(state: State, access: { at: number; via: string }, now: number): void {
  if (state.phase !== 'running' && state.phase !== 'building') return;
  const at = Math.min(access.at, now);
  if (state.lastAccess && at <= state.lastAccess.at) return;
  state.lastAccess = { at, via: access.via };
}

/** Runs a change of policy or settings and sees to it that a shorter threshold stops nothing at once. */
export function withGrace(state: State, now: number, change: () => void): void {
  const before = autoOffAt(state);
  change();
  const after = autoOffAt(state);
  if (after === null || (before !== null && after >= before)) return;
  state.window.notBefore = Math.max(state.window.notBefore, now + SHORTENED_GRACE_MS);
}

/** Starts the window at the entry to `running`: afresh, or the old one with at least ten minutes left. */
export function openWindow(state: State, now: number): void {
  const cause = newestBuild(state)?.cause;
  const keepsOld = cause === 'pod-lost' || cause === 'forced-rebuild';
  state.window = {
    startedAt: keepsOld ? state.window.startedAt : now,
    notBefore: keepsOld ? now + KEPT_WINDOW_MS : 0,
    outage: null,
    due: null,
  };
}

/**
 * Notes when an auto-off was first seen as due. One that comes up late fell due in an outage: it is put off, since pings may have had
 * no way in. So is one whose last look was answered, but that was not decided for long after.
 */
export function noteDue(state: State, now: number): void {
  const offAt = autoOffAt(state);
  const { window } = state;
  if (offAt === null || offAt > now) {
    window.due = null;
    return;
  }
  if (window.due?.offAt !== offAt) window.due = { offAt, seenAt: now, lookedAt: null };
  const expectedAt = window.due.lookedAt ?? window.due.offAt;
  const decidedAt = window.due.lookedAt === null ? window.due.seenAt : now;
  if (decidedAt - expectedAt > OUTAGE_LATENESS_MS) putOff(state, offAt, now);
}

/**
 * Takes the answer of the last look: input since then is an access, none leaves the stop to be decided. The look is asked for when the
 * stop is first seen as due, so an answer long after that came out of an outage, and nobody may have had a way in meanwhile.
 */
export function noteLook(state: State, { offAt, lastInputAt }: { offAt: number; lastInputAt: number | null }, now: number): void {
  if (lastInputAt !== null) noteAccess(state, { at: lastInputAt, via: 'terminal' }, now);
  const { due } = state.window;
  if (due?.offAt !== offAt) return;
  if (now - due.seenAt > OUTAGE_LATENESS_MS) putOff(state, offAt, now);
  else due.lookedAt = now;
}

function putOff({ window }: State, offAt: number, now: number): void {
  window.outage = { offAt, until: now + OUTAGE_GRACE_MS };
  window.notBefore = Math.max(window.notBefore, window.outage.until);
  window.due = null;
}

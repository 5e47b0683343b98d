/**
 * Implements docs/rules-of-time.md, "Auto-off": when an idle workspace is stopped, what counts as an access, and what puts the stop
 * off (the last look, an outage, a threshold made shorter).
 */
import { durationMs, MINUTE_MS } from '../../../contract/duration';
import { iso } from './instant';
import { newestBuild, type State } from './state';
import { turnOff } from './transition';

/** A stop that is decided later than this fell due in an outage. */
export const OUTAGE_LATENESS_MS = 30_000;
/** After an outage nothing is stopped for this long, since pings may have been unable to arrive. */
export const OUTAGE_GRACE_MS = 2 * MINUTE_MS;
/** A threshold made shorter stops nothing sooner than this after the change. */
export const SHORTENED_GRACE_MS = MINUTE_MS;
/** The least that is left of the old window after a lost pod or a forced rebuild. */
export const KEPT_WINDOW_MS = 10 * MINUTE_MS;

/** The threshold of the auto-off and its origin. */
export interface Threshold {
  /** A duration such as `2h`, or `never`. */
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

/** When the workspace is stopped without a further access, in epoch milliseconds; null for never, or while it does not run. */
export function autoOffAt(state: State): number | null {
  const endsAt = windowEndsAt(state);
  return endsAt === null ? null : Math.max(endsAt, state.window.notBefore);
}

/** Whether a workspace whose pod is gone is due to stop, so that no rebuild is needed. The outage grace protects living pods only. */
export function isDueWithoutPod(state: State, now: number): boolean {
  const isInOutage = state.window.outage !== null && state.window.outage.until > now;
  const offAt = isInOutage ? windowEndsAt(state) : autoOffAt(state);
  return offAt !== null && offAt <= now;
}

/** Takes an access, which only moves a number: no timer is armed, and the next decision uses it. */
export function recordAccess(state: State, access: { at: number; via: string }, now: number): void {
  if (state.phase !== 'running' && state.phase !== 'building') return;
  const at = Math.min(access.at, now);
  if (state.lastAccess && at <= state.lastAccess.at) return;
  state.lastAccess = { at, via: access.via };
}

/** Applies a change of policy or settings; when that makes the threshold shorter, the stop waits for the grace. */
export function withGrace(state: State, now: number, change: () => void): void {
  const before = autoOffAt(state);
  change();
  const after = autoOffAt(state);
  if (after === null || (before !== null && after >= before)) return;
  state.window.notBefore = Math.max(state.window.notBefore, now + SHORTENED_GRACE_MS);
}

/** Opens the window at the entry to `running`: a new one, or the old one with at least ten minutes left. */
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
 * Records when an auto-off was first seen as due. A stop seen late fell due in an outage and is put off. So is a stop whose last look
 * was answered but that was not decided until long after.
 */
export function trackDue(state: State, now: number): void {
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
 * Takes the answer of the last look: terminal input is an access, none lets the stop be decided. The last look starts when the stop is
 * first seen as due, so an answer that arrives long after that comes from an outage, in which pings may have been unable to arrive.
 */
export function takeLastLook(
  state: State,
  { offAt, lastInputAt }: { offAt: number; lastInputAt: number | null },
  now: number,
): void {
  if (lastInputAt !== null) recordAccess(state, { at: lastInputAt, via: 'terminal' }, now);
  const { due } = state.window;
  if (due?.offAt !== offAt) return;
  if (now - due.seenAt > OUTAGE_LATENESS_MS) putOff(state, offAt, now);
  else due.lookedAt = now;
}

/** Stops the workspace and records the facts. Changes nothing when an access has moved the auto-off since. */
export function stopIdle(state: State, offAt: number, now: number): void {
  const threshold = autoOffThreshold(state);
  if (autoOffAt(state) !== offAt || !threshold) return;
  const { source, after } = threshold;
  const setting = source === 'workspace' ? "the workspace's own autoOff" : `policy version ${state.policy?.version ?? 0}`;
  const access = state.lastAccess ? `last access ${iso(state.lastAccess.at)} via ${state.lastAccess.via}` : 'no access';
  const evidence = `${access}, window since ${iso(state.window.startedAt)}, threshold ${after}`;
  turnOff(state, 'off', { cause: 'auto-off', by: 'inactivity', rule: `${setting}: autoOff.after ${after}`, evidence }, now);
}

function windowEndsAt(state: State): number | null {
  const threshold = autoOffThreshold(state);
  if (state.phase !== 'running' || !threshold || threshold.after === 'never') return null;
  return Math.max(state.window.startedAt, state.lastAccess?.at ?? 0) + durationMs(threshold.after);
}

function putOff({ window }: State, offAt: number, now: number): void {
  window.outage = { offAt, until: now + OUTAGE_GRACE_MS };
  window.notBefore = Math.max(window.notBefore, window.outage.until);
  window.due = null;
}

/**
 * Implements docs/rules-of-time.md, "Auto-start" and "Wall clock": when a workspace starts by its schedule, and what keeps it from
 * starting. The local time is computed in a local activity; these rules only see instants.
 */
import type { Plan } from '../../../activities/schedule';
import { DAY_MS, durationMs, MINUTE_MS } from '../../../contract/duration';
import { WEEKDAYS, type Weekday } from '../../../contract/payloads';
import type { Policy } from '../../../contract/policy';
import { cutText } from '../../../contract/text-limit';
import { iso } from './instant';
import { isSuspended, suspensionOf } from './policy/suspension';
import { stableFraction } from './stable-hash';
import type { BuildRecord, State } from './state';
import { KEPT_MESSAGE } from './state-limits';
import { queueBuild } from './transition';

/** A scheduled start begins at most this early, and a stop by hand in this time uses up the date. */
export const MAX_LEAD_MS = 5 * MINUTE_MS;
/** Time for the start slots of a busy morning, even where builds are quick. */
export const MIN_LEAD_MS = MINUTE_MS;
/** A start missed by more is skipped. */
export const MISSED_AFTER_MS = 30 * MINUTE_MS;

/** What the next occurrence is computed from. */
export interface EffectiveSchedule {
  /** `HH:MM`. */
  time: string;
  /** An IANA name. */
  timeZone: string;
  weekdays: Weekday[];
  /** `timeZone` null: the organization's weekdays are judged in the workspace's zone. */
  organization: { weekdays: Weekday[]; timeZone: string | null };
}

/** The schedule under the policy, with the owner's settings in place of missing fields; null without a schedule, or until the policy is first read. */
export function effectiveSchedule(state: State): EffectiveSchedule | null {
  const { policy, ledger } = state;
  const own = state.own.autoStart;
  const time = own?.time ?? ledger?.settings.autoStart?.time;
  const timeZone = own?.timeZone ?? ledger?.settings.autoStart?.timeZone;
  if (!policy || !time || !timeZone) return null;
  return {
    time,
    timeZone,
    weekdays: own?.weekdays ?? [...WEEKDAYS],
    organization: { weekdays: policy.autoStart.weekdays, timeZone: policy.autoStart.timeZone },
  };
}

/** Whether the workspace is to start daily, by its own setting or its owner's. */
export function hasSchedule(state: State): boolean {
  return state.own.autoStart !== null || effectiveSchedule(state) !== null;
}

/** The plan that has to be computed, with its key; null when the next occurrence is known or there is no schedule. */
export function wantedPlan(state: State, now: number): { key: string; schedule: EffectiveSchedule; after: number } | null {
  const schedule = effectiveSchedule(state);
  if (!schedule || isDeleted(state)) return null;
  const { plan, after } = state.schedule;
  const key = JSON.stringify([schedule, after]);
  if (plan?.key !== key) return { key, schedule, after };
  return plan.missing && plan.missing.againAt <= now ? { key, schedule, after } : null;
}

/** When a plan that could not be computed is tried again; null without one. */
export function planRetryAt(state: State): number | null {
  return (isDeleted(state) ? null : state.schedule.plan?.missing?.againAt) ?? null;
}

/** Takes a computed plan. A zone that this worker does not know may be known to a newer one, so it is tried again a day later. */
export function takePlan(state: State, key: string, planned: Plan, now: number): void {
  if (planned && 'because' in planned) {
    const missing = { because: cutText(planned.because, KEPT_MESSAGE), againAt: now + DAY_MS };
    state.schedule.plan = { key, date: '', at: 0, missing };
  } else {
    // Zero stands for a schedule without any occurrence.
    state.schedule.plan = { key, date: planned?.date ?? '', at: planned?.at ?? 0 };
  }
}

/** The plan could not be computed in time, which says nothing about the schedule: it is tried again soon. */
export function planTimedOut(state: State, key: string, now: number): void {
  const missing = { because: 'the next start could not be computed in time', againAt: now + MINUTE_MS };
  state.schedule.plan = { key, date: '', at: 0, missing };
}

/** The planned start; null without one. `at` is the time set, `beginsAt` when the build begins. */
export function plannedStart(state: State): { date: string; at: number; beginsAt: number } | null {
  const { plan } = state.schedule;
  if (!plan || plan.at === 0 || isDeleted(state) || !effectiveSchedule(state)) return null;
  return { date: plan.date, at: plan.at, beginsAt: plan.at - leadMs(state) };
}

/** Why the planned start would not happen, judged for its time set; null when nothing prevents it. */
export function blockedBecause(state: State): string | null {
  const { policy } = state;
  if (!policy) return null;
  if (isSuspended(state, policy)) return suspensionOf(state);
  if (policy.autoStart.weekdays.length === 0) return 'auto-start is off for the organization (no weekday is allowed)';
  const { plan } = state.schedule;
  if (plan?.missing) return `no start is planned: ${plan.missing.because}`;
  const start = plannedStart(state);
  if (!start) return plan ? 'no weekday of the schedule is allowed by the organization' : null;
  return unusedBecause(state, policy, start.at);
}

/** Queues the build of the planned start. */
export function startBySchedule(state: State, at: number): void {
  const schedule = effectiveSchedule(state);
  const rule = `autoStart ${schedule?.time ?? ''} ${schedule?.timeZone ?? ''}`;
  queueBuild(state, { cause: 'auto-start', by: 'schedule', rule, evidence: `to be ready at ${iso(at)}` });
  useUpDate(state, at);
  state.schedule.renewAt = at;
  state.schedule.skipped = null;
}

/** The time set passed while the workspace runs: its auto-off window starts again. */
export function renewWindow(state: State, at: number): void {
  state.window.startedAt = Math.max(state.window.startedAt, at);
  state.window.due = null;
  state.schedule.renewAt = null;
  useUpDate(state, at);
}

/** Skips the date and records why. After a long outage all earlier dates are skipped with it. */
export function skipDate(state: State, { at, because }: { at: number; because: string }, now: number): void {
  state.schedule.skipped = { at, because };
  useUpDate(state, Math.max(at, now - MISSED_AFTER_MS));
}

/** A stop or cancel by hand shortly before the time set uses up that date, also when its start has already begun. */
export function noteStopByHand(state: State, now: number): void {
  state.schedule.renewAt = null;
  const start = plannedStart(state);
  if (start && start.at >= now && start.at - now <= MAX_LEAD_MS) useUpDate(state, start.at);
}

/** Plans again from this moment on: a changed schedule applies to the future only. */
export function rescheduleFrom(state: State, now: number): void {
  state.schedule.after = Math.max(state.schedule.after, now);
  state.schedule.plan = null;
}

/** Ends the date: occurrences at or before its time are never considered again. */
function useUpDate(state: State, at: number): void {
  rescheduleFrom(state, at);
}

function unusedBecause(state: State, policy: Policy, at: number): string | null {
  const usedAt = Math.max(state.byHandAt, state.lastAccess?.at ?? 0);
  if (usedAt >= at - durationMs(policy.autoStart.recentUse)) return null;
  return `not used since ${iso(usedAt)}, longer than the organization's recentUse of ${policy.autoStart.recentUse}`;
}

/**
 * The lead of each workspace has a deterministic offset (jitter) between the time its build needs and the maximum. Otherwise all
 * workspaces with the same time set would begin in one second and leave the server and the cluster no capacity for people.
 */
function leadMs(state: State): number {
  const min = minLeadMs(state);
  return min + Math.floor(stableFraction(state.id) * (MAX_LEAD_MS - min));
}

/** Twice the last build's time, within the bounds, so that the workspace is ready at the time set. */
function minLeadMs(state: State): number {
  const build = state.builds.findLast(isFinished);
  return build ? Math.min(MAX_LEAD_MS, Math.max(MIN_LEAD_MS, 2 * workMs(build))) : MAX_LEAD_MS;
}

/** Steps only: queueing time reflects how busy that morning was, and counting it would align all workspaces after a busy one. */
function workMs({ steps }: BuildRecord): number {
  const took = steps.map(({ startedAt, endedAt }) => (startedAt === null || endedAt === null ? 0 : endedAt - startedAt));
  return took.reduce((sum, ms) => sum + ms, 0);
}

/** A build that was cut off is no measure of how long a build takes. */
function isFinished({ endedAt, failure, steps }: BuildRecord): boolean {
  return endedAt !== null && failure === null && steps.every(({ state }) => state !== 'cancelled');
}

function isDeleted(state: State): boolean {
  return state.phase === 'deleted' || state.phase === 'purged';
}

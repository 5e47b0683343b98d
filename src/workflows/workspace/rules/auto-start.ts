/** The rule of the morning: when a workspace starts by its schedule, and what keeps it from starting. */

import type { Plan } from '../../../activities/schedule';
import { DAY_MS, durationMs, MINUTE_MS } from '../../../contract/duration';
import type { Weekday } from '../../../contract/payloads';
import { WEEKDAYS } from '../../../contract/payloads';
import type { Policy } from '../../../contract/policy';
import { cutText } from '../../../contract/text-limit';
import { shareOf } from './stable-hash';
import type { BuildRecord, State } from './state';
import { KEPT_MESSAGE } from './state-limits';

/** A scheduled start begins at most this early, and a stop by hand in this time uses up the date. */
export const MAX_LEAD_MS = 5 * MINUTE_MS;
/** Enough for the slots of a busy morning, even where builds are quick. */
export const MIN_LEAD_MS = MINUTE_MS;
/** A start missed by more is skipped. */
export const MISSED_AFTER_MS = 30 * MINUTE_MS;

/** What the next occurrence is computed from; null without a schedule, or where it cannot apply. */
export interface EffectiveSchedule {
  time: string;
  timeZone: string;
  weekdays: Weekday[];
  organization: { weekdays: Weekday[]; timeZone: string | null };
}

export function effectiveSchedule(state: State): EffectiveSchedule | null {
  const { own, policy } = state;
  if (!policy || !own.autoStart?.time || !own.autoStart.timeZone) return null;
  return {
    time: own.autoStart.time,
    timeZone: own.autoStart.timeZone,
    weekdays: own.autoStart.weekdays ?? [...WEEKDAYS],
    organization: { weekdays: policy.autoStart.weekdays, timeZone: policy.autoStart.timeZone },
  };
}

/** Whether the next occurrence has to be computed, and for which key; null when it is known or there is none to know. */
export function wantedPlan(state: State, now: number): { key: string; schedule: EffectiveSchedule; after: number } | null {
  const schedule = effectiveSchedule(state);
  if (!schedule || isOver(state)) return null;
  const { plan, after } = state.schedule;
  const key = JSON.stringify([schedule, after]);
  if (plan?.key !== key) return { key, schedule, after };
  return plan.missing && plan.missing.againAt <= now ? { key, schedule, after } : null;
}

/** When a plan that could not be made is tried again; null when there is none. */
export function planAgainAt(state: State): number | null {
  return (isOver(state) ? null : state.schedule.plan?.missing?.againAt) ?? null;
}

/** Takes what came of a plan. Newer workers may know a zone that this one does not, so that is asked again, though rarely. */
export function notePlan(state: State, key: string, planned: Plan, now: number): void {
  if (planned && 'because' in planned) {
    const missing = { because: cutText(planned.because, KEPT_MESSAGE), againAt: now + DAY_MS };
    state.schedule.plan = { key, date: '', at: 0, missing };
  } else {
    // An instant of zero says that there is no occurrence at all.
    state.schedule.plan = { key, date: planned?.date ?? '', at: planned?.at ?? 0 };
  }
}

/** The plan could not be computed in time: that says nothing about the schedule, and is soon tried again. */
export function noteNoPlan(state: State, key: string, now: number): void {
  const missing = { because: 'the next start could not be computed in time', againAt: now + MINUTE_MS };
  state.schedule.plan = { key, date: '', at: 0, missing };
}

/** The planned start; null while there is none. `at` is the time set, `beginsAt` when the build begins. */
export function plannedStart(state: State): { date: string; at: number; beginsAt: number } | null {
  const { plan } = state.schedule;
  if (!plan || plan.at === 0 || isOver(state) || !effectiveSchedule(state)) return null;
  return { date: plan.date, at: plan.at, beginsAt: plan.at - leadMs(state) };
}

/** Why the planned start would not happen, judged for its time set; null when nothing is in its way. */
export function blockedBecause(state: State): string | null {
  const { policy } = state;
  if (!policy) return null;
  if (policy.autoStart.weekdays.length === 0) return 'auto-start is off for the organization (no weekday is allowed)';
  const { plan } = state.schedule;
  if (plan?.missing) return `no start is planned: ${plan.missing.because}`;
  const start = plannedStart(state);
  if (!start) return plan ? 'no weekday of the schedule is allowed by the organization' : null;
  return unusedBecause(state, policy, start.at);
}

/** The date is over: whatever happens, its time is not looked at again. A change of the schedule re-plans from `after` on. */
export function useUpDate(state: State, at: number): void {
  state.schedule.after = Math.max(state.schedule.after, at);
  state.schedule.plan = null;
}

/** A stop or cancel by hand shortly before the time set uses up that date, also when its start has begun already. */
export function noteHandEnding(state: State, now: number): void {
  state.schedule.renewAt = null;
  const start = plannedStart(state);
  if (start && start.at >= now && start.at - now <= MAX_LEAD_MS) useUpDate(state, start.at);
}

/** A new schedule concerns the future only. */
export function noteScheduleChange(state: State, now: number): void {
  state.schedule.after = Math.max(state.schedule.after, now);
  state.schedule.plan = null;
}

function unusedBecause(state: State, policy: Policy, at: number): string | null {
  const usedAt = Math.max(state.byHandAt, state.lastAccess?.at ?? 0);
  if (usedAt >= at - durationMs(policy.autoStart.recentUse)) return null;
  return `not used since ${new Date(usedAt).toISOString()}, longer than the organization's recentUse of ${policy.autoStart.recentUse}`;
}

/**
 * Each workspace has a moment of its own, between as late as leaves time for its build and as early as it may begin. All that are to
 * be ready at one time would else begin in one second, in which neither the server nor the cluster has anything left for people.
 */
function leadMs(state: State): number {
  const least = leastLeadMs(state);
  return least + Math.floor(shareOf(state.id) * (MAX_LEAD_MS - least));
}

/** Twice the last build's time, within the bounds, so that the workspace is ready at the time set. */
function leastLeadMs(state: State): number {
  const build = state.builds.findLast(isFinished);
  return build ? Math.min(MAX_LEAD_MS, Math.max(MIN_LEAD_MS, 2 * workMs(build))) : MAX_LEAD_MS;
}

/** Of its steps alone: how long it queued says how busy that morning was, and after a busy one all would begin in one second again. */
function workMs({ steps }: BuildRecord): number {
  const took = steps.map(({ startedAt, endedAt }) => (startedAt === null || endedAt === null ? 0 : endedAt - startedAt));
  return took.reduce((sum, ms) => sum + ms, 0);
}

/** One that was cut off says nothing about how long a build takes. */
function isFinished({ endedAt, failure, steps }: BuildRecord): boolean {
  return endedAt !== null && failure === null && steps.every(({ state }) => state !== 'cancelled');
}

function isOver(state: State): boolean {
  return state.phase === 'deleted' || state.phase === 'purged';
}

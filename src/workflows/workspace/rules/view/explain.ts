/** Implements docs/messages.md, "Queries": why the workspace is in its state, what comes next, and what would change that. */
import type { Cause, ExplainView, HistoryEntry } from '../../../../contract/payloads';
import { autoOffAt, autoOffThreshold } from '../auto-off';
import { blockedBecause, hasSchedule } from '../auto-start';
import { nextSpec } from '../build-spec';
import { comingRebuild } from '../campaign/forced-rebuild';
import { upcoming } from '../decide';
import { iso } from '../instant';
import { isSuspended, suspensionOf } from '../policy/suspension';
import { currentBuild, type HistoryRecord, type State } from '../state';
import { rebuildRequired } from './status';

const CAUSES: Record<Cause, string> = {
  created: 'it was created',
  'manual-start': 'a start was requested',
  'manual-stop': 'a stop was requested',
  'manual-rebuild': 'a rebuild was requested',
  'forced-rebuild': 'a campaign rebuilt it',
  'auto-start': 'its schedule started it',
  'auto-off': 'it was not used',
  'build-finished': 'its build finished',
  'build-failed': 'its build failed',
  'build-cancelled': 'its build was cancelled',
  'pod-lost': 'its pod was lost',
  policy: "the organization's policy requires it",
  delete: 'it was deleted',
  restore: 'it was restored',
  purge: 'its retention ended',
};

/** The answer of `explain`. */
export function viewExplain(state: State, now: number): ExplainView {
  return {
    why: why(state, now),
    next: upcoming(state).map((event) => ({ ...event, at: iso(event.at) })),
    wouldChange: wouldChange(state),
    history: state.history.map(viewEntry),
  };
}

/** One sentence: the state, since when, and the cause. */
export function why(state: State, now: number): string {
  return `${state.phase} since ${iso(state.since)}: ${because(state, now)}`;
}

/** The cause of the present state, as the end of a sentence. */
export function because(state: State, now: number): string {
  const last = state.history.at(-1);
  const reason = last ? describeEntry(last) : 'there is no history yet';
  const more = [pendingWork(state), delay(state, now), coming(state), skipped(state)].filter((text) => text !== null);
  return [reason, ...more].join('; ').concat('.');
}

/** The requests and settings that would change what comes next, as sentences. */
export function wouldChange(state: State): string[] {
  const list: string[] = [];
  const threshold = autoOffThreshold(state);
  if (state.phase === 'running' && threshold) {
    if (threshold.after === 'never') list.push(`The ${threshold.source}'s auto-off is never, so only a stop by hand stops it.`);
    else list.push(`Any access (a ping, input in a terminal) puts the stop off to ${threshold.after} after it.`);
    list.push('A rebuild replaces all but the home; a stop turns it off.');
  }
  if (state.phase === 'building') list.push('A cancel, a stop, or a newer rebuild ends the build and cleans up after it.');
  if (state.phase === 'off' || state.phase === 'error') {
    if (isSuspended(state, state.policy)) list.push(`Nothing starts while ${suspensionOf(state)}.`);
    else list.push('A start or a rebuild builds it again, with its home.');
  }
  if (state.phase === 'deleted') list.push('A restore takes the delete back; the purge removes the home permanently.');
  const blocked = hasSchedule(state) ? blockedBecause(state) : null;
  if (blocked) list.push(`The scheduled start will not happen: ${blocked}.`);
  const required = rebuildRequired(state, nextSpec(state));
  if (required) list.push(`A rebuild is waiting: ${required}.`);
  return list;
}

function describeEntry({ cause, by, evidence }: HistoryRecord): string {
  return [CAUSES[cause], by && `(by ${by})`, evidence && `[${evidence}]`].filter(Boolean).join(' ');
}

function pendingWork(state: State): string | null {
  const build = currentBuild(state);
  const waiting = state.blocked && ` (since ${iso(state.blocked.since)} it waits for: ${state.blocked.because})`;
  if (state.ending) {
    const then = state.next ? `, then build ${state.next.number} begins` : '';
    return `what ran is being removed${then}${waiting ?? ''}`;
  }
  if (waiting) return state.phase === 'deleted' ? `its home is being purged${waiting}` : `a pod is being removed${waiting}`;
  if (!build) return state.policy === null ? 'the policy of its organization is being read' : null;
  const step = build.steps.find(({ state: stepState }) => stepState === 'running' || stepState === 'waiting');
  return step ? `build ${build.number} is at ${step.name}` : null;
}

function delay(state: State, now: number): string | null {
  const { due, outage } = state.window;
  if (state.phase !== 'running') return null;
  // After a ping within the grace another moment decides.
  if (outage && outage.until > now && autoOffAt(state) === outage.until) {
    return `its auto-off fell due at ${iso(outage.offAt)} in an outage and is decided no sooner than ${iso(outage.until)}`;
  }
  if (!due || due.lookedAt !== null) return null;
  return `its auto-off fell due at ${iso(due.offAt)} and is put off until the runtime reports whether terminals are in use`;
}

function coming(state: State): string | null {
  const rebuild = comingRebuild(state);
  return rebuild && `a rebuild is coming at ${iso(rebuild.at)} at the latest: ${rebuild.because}`;
}

function skipped(state: State): string | null {
  const skip = state.schedule.skipped;
  return skip && `the start set for ${iso(skip.at)} was skipped: ${skip.because}`;
}

function viewEntry(entry: HistoryRecord): HistoryEntry {
  return { ...entry, at: iso(entry.at) };
}

/** Why the workspace is as it is, what comes next, and what would change that: the answer to the query `explain`. */
import type { Cause, ExplainView, HistoryEntry } from '../../../contract/payloads';
import { autoOffAt, autoOffThreshold } from './auto-off';
import { blockedBecause } from './auto-start';
import { upcoming } from './decide';
import { currentBuild, type HistoryRecord, type State } from './state';
import { iso, rebuildRequired } from './view-status';

const BECAUSE: Record<Cause, string> = {
  created: 'it was created',
  'manual-start': 'a start was asked for',
  'manual-stop': 'a stop was asked for',
  'manual-rebuild': 'a rebuild was asked for',
  'forced-rebuild': 'a rebuild was ordered for many workspaces',
  'auto-start': 'its schedule said so',
  'auto-off': 'nobody used it',
  'build-finished': 'its build finished',
  'build-failed': 'its build failed',
  'build-cancelled': 'its build was cancelled',
  'pod-lost': 'its pod was lost',
  policy: "the organization's policy said so",
  delete: 'it was deleted',
  restore: 'it was restored',
  purge: 'its retention ended',
};

export function viewExplain(state: State, now: number): ExplainView {
  return {
    why: why(state, now),
    next: upcoming(state).map((event) => ({ ...event, at: iso(event.at) })),
    wouldChange: wouldChange(state),
    history: state.history.map(viewEntry),
  };
}

/** One sentence: the state, since when, and because of what. */
export function why(state: State, now: number): string {
  return `${state.phase} since ${iso(state.since)}: ${because(state, now)}`;
}

/** Because of what it is in its state, as the end of a sentence. */
export function because(state: State, now: number): string {
  const last = state.history.at(-1);
  const reason = last ? describeEntry(last) : 'nothing happened yet';
  const more = [pendingWork(state), delay(state, now), skipped(state)].filter((text) => text !== null);
  return [reason, ...more].join('; ').concat('.');
}

/** Everything that would make it turn out otherwise, as sentences. */
export function wouldChange(state: State): string[] {
  const list: string[] = [];
  const threshold = autoOffThreshold(state);
  if (state.phase === 'running' && threshold) {
    if (threshold.after === 'never') list.push(`The ${threshold.source}'s auto-off is never, so only a stop by hand stops it.`);
    else list.push(`Any access (a ping, input in a terminal) puts the stop off to ${threshold.after} after it.`);
    list.push('A rebuild replaces all but the home; a stop turns it off.');
  }
  if (state.phase === 'building') list.push('A cancel, a stop, or a newer rebuild ends the build and cleans up after it.');
  if (state.phase === 'off' || state.phase === 'error') list.push('A start or a rebuild builds it again, with its home.');
  if (state.phase === 'deleted') list.push('A restore takes the delete back; after the purge the home is gone for good.');
  const blocked = state.own.autoStart ? blockedBecause(state) : null;
  if (blocked) list.push(`The scheduled start will not happen: ${blocked}.`);
  const required = rebuildRequired(state);
  if (required) list.push(`A rebuild is waiting: ${required}.`);
  return list;
}

function describeEntry({ cause, by, evidence }: HistoryRecord): string {
  return [BECAUSE[cause], by && `(by ${by})`, evidence && `[${evidence}]`].filter(Boolean).join(' ');
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
  // A ping within the two minutes has moved the stop on, and then the outage has no say any more.
  if (outage && outage.until > now && autoOffAt(state) === outage.until) {
    return `its auto-off fell due at ${iso(outage.offAt)} in an outage and is decided no sooner than ${iso(outage.until)}`;
  }
  if (!due || due.lookedAt !== null) return null;
  return `its auto-off fell due at ${iso(due.offAt)} and is put off until the runtime says whether terminals are in use`;
}

function skipped(state: State): string | null {
  const skip = state.schedule.skipped;
  return skip && `the start set for ${iso(skip.at)} was skipped: ${skip.because}`;
}

function viewEntry(entry: HistoryRecord): HistoryEntry {
  return { ...entry, at: iso(entry.at) };
}

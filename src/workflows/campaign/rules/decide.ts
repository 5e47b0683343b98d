/**
 * Implements docs/campaigns.md, "Pacing": what a campaign does next, as a pure function of its state and the moment. The loop acts on it.
 */
import { type CampaignState, isCanaryOver, isEnding, type Tally, tally, type WorkspaceRecord, warningMs } from './state';

/** Workspaces in one request to an activity: some seconds of work. */
export const BATCH = 100;

/** The next action of the loop, with the workspaces that it is about. */
export type Action =
  /** List the workspaces that match. */
  | { do: 'list' }
  /** Read what the workspaces are judged by. */
  | { do: 'judge'; workspaces: string[] }
  /** Announce the rebuild to workspaces in use, whose wait begins. */
  | { do: 'announce'; workspaces: string[] }
  /** Repeat announcements, which end otherwise. */
  | { do: 'renew'; workspaces: string[] }
  /** Warn the terminals of workspaces whose wait is nearly over. */
  | { do: 'warn'; workspaces: string[] }
  /** Rebuild; each workspace holds a slot from here on. */
  | { do: 'rebuild'; workspaces: string[] }
  | { do: 'mark'; workspaces: string[] }
  /** Take announcements back. */
  | { do: 'withdraw'; workspaces: string[] }
  /** Wait for rebuilds under way, or until the moment. */
  | { do: 'await'; until: number | null }
  /** Wait for the moment, or for a signal. */
  | { do: 'sleep'; until: number | null; summary: string }
  | { do: 'finish' };

/** The next action. */
export function decide(state: CampaignState, now: number): Action {
  const { records, settings, phase } = state;
  const counts = tally(state);
  // Whether these were rebuilt is unknown, so they are asked whatever happens.
  const unanswered = pick(state, (record) => isUnanswered(record) && record.againAt <= now);
  if (unanswered.length > 0) return { do: 'rebuild', workspaces: unanswered };
  if (isEnding(state)) return decideEnd(state, counts, now);
  if (settings.dryRun) return decideDryRun(state, now);
  if (phase === 'paused') return wait(state, counts, { now, summary: 'paused until it is resumed' });
  if (records !== null) return decideRun(state, counts, now);
  const { notBefore } = settings;
  return notBefore !== null && notBefore > now ? { do: 'sleep', until: notBefore, summary: 'begins' } : { do: 'list' };
}

function decideRun(state: CampaignState, counts: Tally, now: number): Action {
  const isOver = isCanaryOver(state, counts);
  const slots = freeSlots(state, counts, isOver);
  const isDue = ({ againAt }: WorkspaceRecord) => againAt <= now;
  const warned = pick(state, (record) => warnAt(state, record) <= now);
  if (warned.length > 0) return { do: 'warn', workspaces: warned };
  if (slots > 0 && counts.ready > 0) return { do: 'rebuild', workspaces: pick(state, isReady, Math.min(slots, BATCH)) };
  const marked = isOver ? pick(state, (record) => isToMark(record) && isDue(record)) : [];
  if (marked.length > 0) return { do: 'mark', workspaces: marked };
  const again = pick(state, (record) => record.state === 'waiting' && isDue(record));
  if (again.length > 0) return { do: 'judge', workspaces: again };
  const unjudged = isOver || slots > counts.ready ? pick(state, (record) => isUnjudged(record) && isDue(record)) : [];
  if (unjudged.length > 0) return { do: 'judge', workspaces: unjudged };
  const announced = pick(state, isUnannounced, mayAnnounce(state, counts, { isOver, slots }));
  if (announced.length > 0) return { do: 'announce', workspaces: announced };
  // Last, since there is time: a free slot never waits for it.
  const renewed = pick(state, (record) => renewAt(record) <= now);
  if (renewed.length > 0) return { do: 'renew', workspaces: renewed };
  if (counts.pending + counts.waiting + counts.building === 0) return { do: 'finish' };
  return wait(state, counts, { now, summary: 'a workspace is asked again' });
}

/** Canaries that succeeded need no slot. */
function freeSlots({ settings }: CampaignState, { done, building }: Tally, isOver: boolean): number {
  return (isOver ? settings.atOnce : Math.min(settings.atOnce, settings.canary - done)) - building;
}

/** A canary is waited for only where no other workspace can be one. */
function mayAnnounce(state: CampaignState, counts: Tally, { isOver, slots }: { isOver: boolean; slots: number }): number {
  if (isOver) return BATCH;
  if (counts.ready + counts.building + counts.unjudged > 0) return 0;
  return slots - pick(state, isAnnounced).length;
}

/** A dry run judges each workspace once. */
function decideDryRun(state: CampaignState, now: number): Action {
  if (state.records === null) return { do: 'list' };
  const isOpen = ({ state: at, verdict }: WorkspaceRecord) => at === 'pending' && verdict === null;
  const due = pick(state, (record) => isOpen(record) && record.againAt <= now);
  if (due.length > 0) return { do: 'judge', workspaces: due };
  const until = nextMoment(state, isOpen, now);
  return until === null ? { do: 'finish' } : { do: 'sleep', until, summary: 'a workspace is asked again' };
}

/** The rebuilds under way are awaited, so that the report is complete. */
function decideEnd(state: CampaignState, counts: Tally, now: number): Action {
  const announced = pick(state, hasAnnouncement);
  if (announced.length > 0) return { do: 'withdraw', workspaces: announced };
  return counts.building > 0 ? wait(state, counts, { now, summary: 'a workspace is asked again' }) : { do: 'finish' };
}

function wait(state: CampaignState, counts: Tally, { now, summary }: { now: number; summary: string }): Action {
  const isOpen = (record: WorkspaceRecord) =>
    isUnanswered(record) || (state.phase === 'running' && (record.state === 'pending' || record.state === 'waiting'));
  const until = nextMoment(state, isOpen, now);
  const unanswered = pick(state, isUnanswered).length;
  return counts.building > unanswered ? { do: 'await', until } : { do: 'sleep', until, summary };
}

/** When the first of these workspaces is asked again or warned; null for none. */
function nextMoment(state: CampaignState, isOpen: (record: WorkspaceRecord) => boolean, now: number): number | null {
  let next = Number.POSITIVE_INFINITY;
  for (const record of state.records ?? []) {
    if (!isOpen(record)) continue;
    for (const at of [record.againAt, warnAt(state, record), renewAt(record)]) if (at > now) next = Math.min(next, at);
  }
  return next === Number.POSITIVE_INFINITY ? null : next;
}

/** Infinity where no warning is due. */
function warnAt(state: CampaignState, { state: at, until, isWarned }: WorkspaceRecord): number {
  return at === 'waiting' && until !== null && !isWarned ? until - warningMs(state) : Number.POSITIVE_INFINITY;
}

/** Infinity where nothing was announced. */
function renewAt(record: WorkspaceRecord): number {
  return hasAnnouncement(record) && record.renewAt !== null ? record.renewAt : Number.POSITIVE_INFINITY;
}

function pick({ records }: CampaignState, isPicked: (record: WorkspaceRecord) => boolean, max = BATCH): string[] {
  const names: string[] = [];
  for (const record of records ?? []) {
    if (names.length >= max) break;
    if (isPicked(record)) names.push(record.workspace);
  }
  return names;
}

const isReady = ({ state, next }: WorkspaceRecord) => state === 'pending' && next === 'rebuild';
const isToMark = ({ state, next }: WorkspaceRecord) => state === 'pending' && next === 'mark';
const isUnjudged = ({ state, next }: WorkspaceRecord) => state === 'pending' && next === null;
const isUnannounced = ({ state, until }: WorkspaceRecord) => state === 'waiting' && until === null;
const isAnnounced = ({ state, until }: WorkspaceRecord) => state === 'waiting' && until !== null;
/** Also while a workspace whose patience has run out is without a slot. */
const hasAnnouncement = (record: WorkspaceRecord) =>
  isAnnounced(record) || (record.state === 'pending' && record.until !== null && record.renewAt !== null);
/** It holds a slot and has not answered with a build. */
const isUnanswered = ({ state, build }: WorkspaceRecord) => state === 'building' && build === null;

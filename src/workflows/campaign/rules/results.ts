/** Implements docs/campaigns.md, "Pacing": what a campaign makes of the answers of its workspaces, and when it stops or pauses itself. */

import { durationMs } from '../../../contract/duration';
import type { CampaignReply, RebuildEnd, SilentBuild, WorkspaceFacts } from '../../../contract/internal/campaign';
import { judge } from './judge';
import {
  type CampaignState,
  finishRecord,
  isCanaryOver,
  KEPT_FAILURES,
  MAX_WORKSPACES,
  newRecord,
  RENEW_MS,
  tally,
  type WorkspaceRecord,
} from './state';

/** Requests that are not answered, some minutes in all, before a result counts as unknown. */
export const MAX_TRIES = 6;
const RETRY_MS = 10_000;

/** Takes the list of matches; more than fit end the campaign. */
export function takeList(state: CampaignState, workspaces: string[]): void {
  const names = [...new Set(workspaces)].sort();
  state.records = names.slice(0, MAX_WORKSPACES).map(newRecord);
}

/** Takes the replies to a judgement, a rebuild, or a mark. */
export function takeReplies(state: CampaignState, replies: CampaignReply[], now: number): void {
  const records = recordsByName(state);
  for (const reply of replies) {
    const record = records.get(reply.workspace);
    if (record && isOpen(record)) takeReply(state, record, reply, now);
  }
  settle(state);
}

/** The wait for workspaces in use begins. */
export function beginWait(state: CampaignState, workspaces: string[], now: number): void {
  const until = now + durationMs(state.settings.patience);
  for (const record of recordsOf(state, workspaces)) {
    record.until = until;
    record.againAt = Math.min(record.againAt, until);
  }
}

/** The terminals of these workspaces were warned, as far as they could be. */
export function noteWarned(state: CampaignState, workspaces: string[]): void {
  for (const record of recordsOf(state, workspaces)) record.isWarned = true;
}

/** The rebuilds of these workspaces are announced, or announced again. */
export function noteAnnounced(state: CampaignState, workspaces: string[], now: number): void {
  for (const record of recordsOf(state, workspaces)) record.renewAt = now + RENEW_MS;
}

/** Each of these workspaces holds a slot until its rebuild has ended. */
export function claim(state: CampaignState, workspaces: string[]): void {
  for (const record of recordsOf(state, workspaces)) record.state = 'building';
}

/** The announcements to these workspaces were taken back. */
export function noteWithdrawn(state: CampaignState, workspaces: string[]): void {
  for (const record of recordsOf(state, workspaces)) {
    Object.assign(record, { state: 'pending', next: null, until: null, isWarned: false, because: null, renewAt: null });
  }
}

/** Takes ended rebuilds, and those whose workspaces do not answer. */
export function takeEnds(state: CampaignState, ends: RebuildEnd[], silent: SilentBuild[] = []): void {
  const records = recordsByName(state);
  for (const record of records.values()) record.silentSince = null;
  for (const { workspace, since } of silent) Object.assign(records.get(workspace) ?? {}, { silentSince: since });
  for (const { workspace, end, reason } of ends) {
    const record = records.get(workspace);
    if (record?.state !== 'building') continue;
    if (end === 'done') finishRecord(record, 'done', null);
    else if (end === 'failed') fail(state, record, reason ?? 'its rebuild failed');
    else if (end === 'taken-back') finishRecord(record, 'marked', reason);
    else if (end === 'gone') finishRecord(record, 'skipped', reason);
    else doubt(state, record, reason ?? 'it is unknown how its rebuild ended');
  }
  settle(state);
}

function takeReply(state: CampaignState, record: WorkspaceRecord, reply: CampaignReply, now: number): void {
  if (reply.kind === 'unanswered') {
    record.tries += 1;
    record.againAt = now + RETRY_MS * record.tries;
    if (record.tries >= MAX_TRIES) doubt(state, record, reply.reason);
    return;
  }
  record.tries = 0;
  if (reply.kind === 'build') record.build = reply.build;
  else if (reply.kind === 'sent') finishRecord(record, 'marked', record.because);
  else if (reply.kind === 'refused') fail(state, record, reply.reason);
  else takeFacts(state, record, reply.facts, now);
}

function takeFacts(state: CampaignState, record: WorkspaceRecord, facts: WorkspaceFacts, now: number): void {
  const { organization, dryRun } = state.settings;
  const { verdict, because, againAt } = judge(facts, { organization, waitsUntil: record.until, now });
  record.verdict ??= verdict;
  record.because = because;
  if (dryRun) return;
  if (verdict === 'skip') return finishRecord(record, 'skipped', because);
  if (verdict === 'wait') {
    record.state = 'waiting';
    record.next = null;
    record.againAt = Math.min(againAt ?? now, record.until ?? Number.POSITIVE_INFINITY);
    return;
  }
  Object.assign(record, { state: 'pending', next: verdict, againAt: 0 });
  if (verdict === 'mark') Object.assign(record, { until: null, renewAt: null });
}

function fail(state: CampaignState, record: WorkspaceRecord, reason: string): void {
  finishRecord(record, 'failed', reason, tally(state).failed < KEPT_FAILURES);
}

/** Pauses, since a fleet must not be rebuilt on without knowing how it goes. */
function doubt(state: CampaignState, record: WorkspaceRecord, reason: string): void {
  finishRecord(record, 'inconclusive', reason, tally(state).inconclusive < KEPT_FAILURES);
  if (state.phase !== 'running' || state.settings.dryRun) return;
  state.phase = 'paused';
  state.because = `the result of ${record.workspace} is unknown`;
}

/** Stops the campaign after a failed canary, or after too many failures. */
function settle(state: CampaignState): void {
  if (state.phase !== 'running' && state.phase !== 'paused') return;
  const counts = tally(state);
  const { maxFailures } = state.settings;
  const hasFailed = counts.failed > 0 && !isCanaryOver(state, counts);
  if (!hasFailed && counts.failed < maxFailures) return;
  state.phase = 'stopped';
  state.because = hasFailed ? 'a canary failed' : `${counts.failed} failed, and maxFailures is ${maxFailures}`;
}

/** A late answer changes nothing about a workspace that is finished. */
function isOpen({ state, build }: WorkspaceRecord): boolean {
  return state === 'pending' || state === 'waiting' || (state === 'building' && build === null);
}

function recordsByName({ records }: CampaignState): Map<string, WorkspaceRecord> {
  return new Map((records ?? []).map((record) => [record.workspace, record]));
}

function recordsOf(state: CampaignState, workspaces: string[]): WorkspaceRecord[] {
  const names = new Set(workspaces);
  return (state.records ?? []).filter(({ workspace }) => names.has(workspace));
}

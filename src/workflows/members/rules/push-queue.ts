/**
 * The index of the workspaces that are to be sent the newest policy. It is made from the records when a run begins, and kept
 * beside them; it is not handed over.
 */

import type { UsageReport } from '../../../contract/internal-payloads';
import { workspaceWorkflowId } from '../../../contract/names';
import { behindMembers, type Members, memberName, notePolicyHeld, takeReport } from './usage-records';

/** So many workspaces are sent a policy by one activity, so that its input stays well below the server's limit. */
const PUSH_CHUNK = 2_000;
/** After so many pushes that did not reach a workspace it is left to its own daily reading. */
const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 10_000;

/** By owner and id. */
export type Behind = Map<string, BehindMember>;

interface BehindMember {
  owner: string;
  id: string;
  /** How often it was tried in vain. */
  tries: number;
  /** Not tried before this, in epoch milliseconds. */
  dueAt: number;
}

export function createBehind(members: Members): Behind {
  return new Map(behindMembers(members).map((key) => [keyOf(key), { ...key, tries: 0, dueAt: 0 }]));
}

/** Takes a report. Answers whether its workspace has now to be sent the newest policy, since it has an older one. */
export function takeMemberReport(members: Members, behind: Behind, report: UsageReport, newestAt: number): boolean {
  const { owner, id } = report;
  const key = keyOf(report);
  const isBehind = takeReport(members, report, report.policyAt >= newestAt);
  if (!isBehind) behind.delete(key);
  if (!isBehind || behind.has(key)) return false;
  behind.set(key, { owner, id, tries: 0, dueAt: 0 });
  return true;
}

/** Those to be sent the policy now, their keys by workflow id; or until when there is nothing to do, null for ever. */
export function nextPush(members: Members, behind: Behind, now: number): { keys: Map<string, string>; until: number | null } {
  const keys = new Map<string, string>();
  let until: number | null = null;
  for (const [key, { owner, id, dueAt }] of behind) {
    const name = memberName(members, { owner, id });
    if (name === null) behind.delete(key);
    else if (dueAt > now) until = Math.min(dueAt, until ?? dueAt);
    else if (keys.size < PUSH_CHUNK) keys.set(workspaceWorkflowId(owner, name), key);
  }
  return { keys, until };
}

export function notePushed(members: Members, behind: Behind, key: string): void {
  const known = behind.get(key);
  if (known) notePolicyHeld(members, known);
  behind.delete(key);
}

/** Tried again later, more rarely each time; the others are not kept waiting. */
export function noteUnreached(behind: Behind, key: string, now: number): void {
  const known = behind.get(key);
  if (!known) return;
  const tries = known.tries + 1;
  if (tries >= MAX_TRIES) behind.delete(key);
  else behind.set(key, { ...known, tries, dueAt: now + FIRST_PAUSE_MS * 2 ** known.tries });
}

const keyOf = ({ owner, id }: { owner: string; id: string }): string => `${owner}/${id}`;

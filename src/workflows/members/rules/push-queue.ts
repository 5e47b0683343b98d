/**
 * Implements docs/policy.md, "How a change takes effect": the queue of workspaces that have to be sent the newest policy. It is derived from
 * the usage records when a run begins, lives beside them in memory, and is not handed over.
 */
import type { UsageReport } from '../../../contract/internal/payloads';
import { workspaceWorkflowId } from '../../../contract/names';
import { type Members, memberName, notePolicyHeld, outdatedMembers, takeReport } from './usage-records';

/** Workspaces in one activity, whose input then stays well below the server's limit. */
const PUSH_CHUNK = 2_000;
/** After this many failed pushes a workspace is left to its own daily read of the policy. */
const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 10_000;

/** By owner and id. */
export type PushQueue = Map<string, QueuedPush>;

interface QueuedPush {
  owner: string;
  id: string;
  /** Failed attempts. */
  attempts: number;
  /** The next attempt begins no sooner, in epoch milliseconds. */
  dueAt: number;
}

/** All workspaces with an older policy. */
export function createPushQueue(members: Members): PushQueue {
  return new Map(outdatedMembers(members).map((member) => [keyOf(member), { ...member, attempts: 0, dueAt: 0 }]));
}

/** Takes a report. Returns whether its workspace was added, since it has an older policy. */
export function queueReport(members: Members, queue: PushQueue, report: UsageReport, newestAt: number): boolean {
  const { owner, id } = report;
  const key = keyOf(report);
  const isOutdated = takeReport(members, report, report.policyAt >= newestAt);
  if (!isOutdated) queue.delete(key);
  if (!isOutdated || queue.has(key)) return false;
  queue.set(key, { owner, id, attempts: 0, dueAt: 0 });
  return true;
}

/** The keys of the workspaces that are due, by workflow id; `until`: when the next one is due, null for none. */
export function nextPush(members: Members, queue: PushQueue, now: number): { keys: Map<string, string>; until: number | null } {
  const keys = new Map<string, string>();
  let until: number | null = null;
  for (const [key, { owner, id, dueAt }] of queue) {
    const name = memberName(members, { owner, id });
    if (name === null) queue.delete(key);
    else if (dueAt > now) until = Math.min(dueAt, until ?? dueAt);
    else if (keys.size < PUSH_CHUNK) keys.set(workspaceWorkflowId(owner, name), key);
  }
  return { keys, until };
}

/** The workspace has the newest policy. */
export function pushSucceeded(members: Members, queue: PushQueue, key: string): void {
  const queued = queue.get(key);
  if (queued) notePolicyHeld(members, queued);
  queue.delete(key);
}

/** Retries with exponential backoff, without delaying the other workspaces. */
export function pushFailed(queue: PushQueue, key: string, now: number): void {
  const queued = queue.get(key);
  if (!queued) return;
  const attempts = queued.attempts + 1;
  if (attempts >= MAX_ATTEMPTS) queue.delete(key);
  else queue.set(key, { ...queued, attempts, dueAt: now + FIRST_PAUSE_MS * 2 ** queued.attempts });
}

const keyOf = ({ owner, id }: { owner: string; id: string }): string => `${owner}/${id}`;

/**
 * Implements docs/messages.md, "States and requests": every change of state, recorded in the history exactly once, and the queue of
 * one build behind the current one. Nothing else sets `phase`.
 */
import type { Cause, WorkspacePhase } from '../../../contract/payloads';
import { cutText, type TextLimit } from '../../../contract/text-limit';
import type { State } from './state';
import {
  KEPT_BY,
  KEPT_HISTORY,
  KEPT_MESSAGE,
  KEPT_OLD_BY,
  KEPT_OLD_EVIDENCE,
  KEPT_REPLACED,
  KEPT_RULE,
  KEPT_WHOLE_HISTORY,
} from './state-limits';

/** What an entry of the history says about a change of state. */
export interface Reason {
  cause: Cause;
  /** The user, or `schedule`, `inactivity`, `watch`; null when unknown. */
  by: string | null;
  /** The policy version or the setting that decided; null for a request. */
  rule: string | null;
  /** The facts: last access, threshold, exit code, or the request that superseded a build; null without any. */
  evidence: string | null;
}

/** Enters a state and adds the entry to the history. */
export function enter(state: State, to: WorkspacePhase, { cause, by, rule, evidence }: Reason, now: number): void {
  const cut = (text: string | null, limit: TextLimit) => (text === null ? null : cutText(text, limit));
  const texts = { by: cut(by, KEPT_BY), rule: cut(rule, KEPT_RULE), evidence: cut(evidence, KEPT_MESSAGE) };
  state.history.push({ at: now, from: state.phase, to, cause, ...texts });
  state.history = state.history.slice(-KEPT_HISTORY);
  const older = state.history.at(-KEPT_WHOLE_HISTORY - 1);
  if (older) {
    older.evidence = cut(older.evidence, KEPT_OLD_EVIDENCE);
    older.by = cut(older.by, KEPT_OLD_BY);
  }
  state.phase = to;
  state.since = now;
}

/** Stops the workspace: the state is `turning-off` until the pod is removed. */
export function turnOff(state: State, to: 'off' | 'deleted', reason: Reason, now: number): void {
  state.ending = { to, ...reason };
  enter(state, 'turning-off', reason, now);
}

/** Queues a build and returns its number. A build that is already queued is replaced, and its number gets no build. */
export function queueBuild(state: State, reason: Reason): number {
  const queued = state.next?.number;
  state.buildNumber += 1;
  state.next = { ...reason, number: state.buildNumber };
  if (queued !== undefined) recordReplaced(state, queued);
  return state.buildNumber;
}

/** Records that the queued build replaces the build of this number. */
export function recordReplaced(state: State, number: number): void {
  const by = state.buildNumber;
  const before = (state.replaced ?? []).map((entry) => (entry.by === number ? { ...entry, by } : entry));
  state.replaced = [...before, { number, by }].slice(-KEPT_REPLACED);
}

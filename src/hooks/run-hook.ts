import { setTimeout as delay } from 'node:timers/promises';
import type { Exec, HookProgress, HookResult, HookSpec } from './hook';
import { describeEnd, describeWaiting } from './hook-end';
import { type MaskValues, prepareValues } from './mask';
import { pollHook } from './poll';
import type { HookPoll } from './poll-answer';
import { untilAborted } from './until-aborted';

/** A poll itself waits some seconds, so this is about half a minute; a runner begins in milliseconds. */
const MAX_POLLS_BEFORE_BEGIN = 10;
/** A dying connection can cut an answer off; a shell that cannot answer at all never will. */
const MAX_UNREADABLE_ANSWERS = 5;
const PAUSE_AFTER_UNREADABLE_MS = 250;
/** A runner ends its hook within seconds of the limit. A stopped runner, or a forged answer, must not be waited for without limit. */
const GRACE_AFTER_LIMIT_MS = 60_000;

/**
 * Runs one hook step of one build, once in a pod's life: starts it, or joins it when it has begun already, and waits for its end.
 * An abort ends the waiting, not the hook. Rejects with the signal's reason, or with the error of `exec`; any end of the hook itself
 * is a result. Known secrets, `maskValues`, are masked in all that it returns and reports, as is what has the shape of a secret.
 */
export async function runHook(
  exec: Exec,
  spec: HookSpec,
  progress: HookProgress,
  maskValues: MaskValues = [],
): Promise<HookResult> {
  const secrets = prepareValues(maskValues);
  progress.waitingFor(`${spec.step} to begin`);
  const refused = { starting: 0, unreadable: 0 };
  let running = null as { last: HookPoll; sinceMs: number } | null;
  for (;;) {
    const poll: HookPoll = await untilAborted(progress.signal, () => pollHook(exec, spec, running?.last ?? null));
    if (poll.state === 'starting' || poll.state === 'unreadable') refused[poll.state] += 1;
    if (poll.state === 'running') running = { last: poll, sinceMs: running?.sinceMs ?? Date.now() };
    if (isOver(poll, refused)) return describeEnd(spec, poll, secrets);
    const ranMs = Math.max(poll.ranMs, running === null ? 0 : Date.now() - running.sinceMs);
    if (ranMs > spec.timeoutMs + GRACE_AFTER_LIMIT_MS) return describeEnd(spec, { ...poll, limitReached: true }, secrets);
    progress.waitingFor(describeWaiting(spec, poll, secrets));
    if (poll.state === 'unreadable') await delay(PAUSE_AFTER_UNREADABLE_MS);
  }
}

function isOver(poll: HookPoll, refused: { starting: number; unreadable: number }): boolean {
  if (poll.state === 'running') return false;
  if (poll.state === 'starting') return refused.starting >= MAX_POLLS_BEFORE_BEGIN;
  if (poll.state === 'unreadable') return refused.unreadable >= MAX_UNREADABLE_ANSWERS;
  return true;
}

import { setTimeout as delay } from 'node:timers/promises';
import type { EndedHook, Exec, HookProgress, HookResult, HookSpec } from './hook';
import { describeEnd, describeWaiting } from './hook-end';
import { type MaskValues, type PreparedValues, prepareValues } from './mask';
import { pollBriefly, pollHook } from './poll';
import type { HookPoll } from './poll-answer';
import { untilAborted } from './until-aborted';

/** A poll itself waits some seconds, so this is about half a minute; a runner begins in milliseconds. */
const MAX_POLLS_BEFORE_BEGIN = 10;
/** A dying connection can cut an answer off; a shell that cannot answer at all never will. */
const MAX_UNREADABLE_ANSWERS = 5;
const PAUSE_AFTER_UNREADABLE_MS = 250;
/** A changed secret reaches a running pod within a minute. */
const SECRETS_VALID_MS = 20_000;
/** A runner ends its hook within seconds of the limit. A stopped runner, or a forged answer, must not be waited for without limit. */
const GRACE_AFTER_LIMIT_MS = 60_000;

/**
 * Runs one hook step of one build, once in a pod's life: starts it, or joins it when it has begun already, and waits for its end.
 * An abort ends the waiting, not the hook. Rejects with the signal's reason, or with the error of `exec`; any end of the hook itself
 * is a result. Known secrets, `maskValues`, are masked in all that it returns and reports, as is what has the shape of a secret; a
 * function is called with the first poll, again as the hook runs, and after its end, since secrets may have changed meanwhile.
 */
export async function runHook(
  exec: Exec,
  spec: HookSpec,
  progress: HookProgress,
  maskValues: MaskValues | (() => Promise<MaskValues>) = [],
): Promise<HookResult> {
  const secrets = createSecretsReader(maskValues);
  // Beside the first poll, so that the store holds up no hook. What it answers is needed only with the poll's answer.
  secrets(0).catch(() => undefined);
  progress.waitingFor(`${spec.step} to begin`);
  const refused = { starting: 0, unreadable: 0 };
  let running = null as { last: HookPoll; sinceMs: number } | null;
  for (;;) {
    const poll: HookPoll = await untilAborted(progress.signal, () => pollHook(exec, spec, running?.last ?? null));
    if (poll.state === 'starting' || poll.state === 'unreadable') refused[poll.state] += 1;
    if (poll.state === 'running') running = { last: poll, sinceMs: running?.sinceMs ?? Date.now() };
    if (isOver(poll, refused)) return describeEnd(spec, poll, await secrets(0));
    const ranMs = Math.max(poll.ranMs, running === null ? 0 : Date.now() - running.sinceMs);
    if (ranMs > spec.timeoutMs + GRACE_AFTER_LIMIT_MS)
      return describeEnd(spec, { ...poll, limitReached: true }, await secrets(0));
    progress.waitingFor(describeWaiting(spec, poll, await secrets(SECRETS_VALID_MS)));
    if (poll.state === 'unreadable') await delay(PAUSE_AFTER_UNREADABLE_MS);
  }
}

/**
 * Runs hook steps one after another, each as `runHook` does, for as long as each ends within a second. Returns the ended hooks. The next
 * one runs, or has not begun, and `runHook` joins or starts it. Known secrets are read once after the last end.
 */
export async function runBriefHooks(
  exec: Exec,
  specs: readonly HookSpec[],
  progress: HookProgress,
  maskValues: () => Promise<MaskValues>,
): Promise<EndedHook[]> {
  const secrets = createSecretsReader(maskValues);
  // As in `runHook`: what is prepared now is there at the end.
  secrets(0).catch(() => undefined);
  const ended: { spec: HookSpec; poll: HookPoll; tookMs: number }[] = [];
  for (const spec of specs) {
    const beganAt = performance.now();
    progress.waitingFor(`${spec.step} to begin`);
    const poll = await untilAborted(progress.signal, () => pollBriefly(exec, spec)).catch(() => null);
    if (poll === null || !OVER.has(poll.state)) break;
    ended.push({ spec, poll, tookMs: Math.round(performance.now() - beganAt) });
  }
  if (ended.length === 0) return [];
  // Also after a cancel, since an ended hook is reported.
  const values = await secrets(0);
  return ended.map(({ spec, poll, tookMs }) => ({ step: spec.step, result: describeEnd(spec, poll, values), tookMs }));
}

const OVER: ReadonlySet<HookPoll['state']> = new Set(['ended', 'lost', 'refused']);

/** Returns the secrets as of a read that began at most this long ago, in milliseconds; a failed read is not kept. */
function createSecretsReader(values: MaskValues | (() => Promise<MaskValues>)): (maxAgeMs: number) => Promise<PreparedValues> {
  if (typeof values !== 'function') {
    const prepared = prepareValues(values);
    return async () => prepared;
  }
  let last: { at: number; secrets: Promise<PreparedValues> } | null = null;
  return async (maxAgeMs) => {
    const at = Date.now();
    if (last !== null && at - last.at < maxAgeMs) return last.secrets;
    const read = { at, secrets: values().then(prepareValues) };
    last = read;
    try {
      return await read.secrets;
    } catch (error) {
      if (last === read) last = null;
      throw error;
    }
  };
}

function isOver(poll: HookPoll, refused: { starting: number; unreadable: number }): boolean {
  if (poll.state === 'running') return false;
  if (poll.state === 'starting') return refused.starting >= MAX_POLLS_BEFORE_BEGIN;
  if (poll.state === 'unreadable') return refused.unreadable >= MAX_UNREADABLE_ANSWERS;
  return true;
}

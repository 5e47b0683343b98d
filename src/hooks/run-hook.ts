import type { Exec, HookProgress, HookResult, HookSpec } from './hook';
import { describeEnd, describeWaiting } from './hook-end';
import { visitRun } from './visit';
import type { Visit } from './visit-answer';

/** A visit waits for some seconds itself, so that this is a matter of half a minute; a runner begins in milliseconds. */
const MAX_VISITS_BEFORE_BEGIN = 10;
/** Answers can be cut off by a dying connection; a shell that cannot answer at all will not learn to. */
const MAX_UNREADABLE_ANSWERS = 5;
const PAUSE_AFTER_UNREADABLE_MS = 250;
/** A runner ends its hook within seconds of the limit; one that was stopped, or lied about, would be waited for without end. */
const GRACE_AFTER_LIMIT_MS = 60_000;

/**
 * Runs one hook step of one build, once in a pod's life: starts it, or joins it when it has begun already, and waits for its end.
 * An abort ends the waiting, not the hook. Rejects with the signal's reason, or with what `exec` rejects with; whatever the hook
 * itself comes to is a result.
 */
export async function runHook(exec: Exec, spec: HookSpec, progress: HookProgress): Promise<HookResult> {
  progress.waitingFor(`${spec.step} to begin`);
  const refused = { starting: 0, unreadable: 0 };
  let running = null as { last: Visit; sinceMs: number } | null;
  for (;;) {
    progress.signal.throwIfAborted();
    const visit: Visit = await untilAbort(progress.signal, visitRun(exec, spec, running?.last ?? null));
    if (visit.state === 'starting' || visit.state === 'unreadable') refused[visit.state] += 1;
    if (visit.state === 'running') running = { last: visit, sinceMs: running?.sinceMs ?? Date.now() };
    if (isOver(visit, refused)) return describeEnd(spec, visit);
    const ranMs = Math.max(visit.ranMs, running === null ? 0 : Date.now() - running.sinceMs);
    if (ranMs > spec.timeoutMs + GRACE_AFTER_LIMIT_MS) return describeEnd(spec, { ...visit, limitReached: true });
    progress.waitingFor(describeWaiting(spec, visit));
    if (visit.state === 'unreadable') await untilAbort(progress.signal, pause(PAUSE_AFTER_UNREADABLE_MS));
  }
}

/** Not every `exec` heeds the signal, and one that does may reject later or otherwise. */
async function untilAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function isOver(visit: Visit, refused: { starting: number; unreadable: number }): boolean {
  if (visit.state === 'running') return false;
  if (visit.state === 'starting') return refused.starting >= MAX_VISITS_BEFORE_BEGIN;
  if (visit.state === 'unreadable') return refused.unreadable >= MAX_UNREADABLE_ANSWERS;
  return true;
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Whether the pod of an earlier build lives: a rebuild leaves it until the step `start-pod` of the new build begins. */
import { type PerennialClient, RequestFailure, type WorkspaceHandle } from '../../client';
import type { Caller } from '../../secrets/tokens';

/**
 * Whether the pod of the caller's build lives while the build `newest` is under way, as of at most `maxAgeMs` ago.
 * @throws RequestFailure where no worker answers
 */
export type EarlierPods = (caller: Caller & { kind: 'workspace' }, newest: number, maxAgeMs: number) => Promise<boolean>;

interface Answer {
  at: number;
  asked: Promise<boolean>;
  /** Whether the pod has ended; false while it is not known. */
  hasEnded: boolean;
}

const MAX_KEPT = 5_000;
/** A pod that ended does not come back, but its caller could ask in a loop. */
const REFUSAL_MAX_AGE_MS = 1_000;
/** A build that was replaced before it began leaves a gap in the numbers. */
const MAX_GAP = 5;

/** Asks the workspace. Only answers to calls that accept an older one are kept. */
export function createEarlierPods(client: PerennialClient, now: () => number): EarlierPods {
  const kept = new Map<string, Answer>();
  return (caller, newest, maxAgeMs) => {
    const { owner, name, id, build } = caller;
    const ask = () => isPodLeft(client.workspace(owner, name), { id, build });
    if (maxAgeMs === 0) return ask();
    const key = `${owner}/${name} ${id} ${build} ${newest}`;
    const known = kept.get(key);
    if (known && now() - known.at <= (known.hasEnded ? REFUSAL_MAX_AGE_MS : maxAgeMs)) return known.asked;
    const answer: Answer = { at: now(), asked: ask(), hasEnded: false };
    kept.delete(key);
    kept.set(key, answer);
    answer.asked.then(
      (isLeft) => {
        answer.hasEnded = !isLeft;
      },
      () => kept.get(key) === answer && kept.delete(key),
    );
    const oldest = kept.keys().next().value;
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return answer.asked;
  };
}

async function isPodLeft(handle: WorkspaceHandle, { id, build }: { id: string; build: number }): Promise<boolean> {
  try {
    const [status, { history }] = await Promise.all([handle.status(), handle.explain()]);
    const last = history.at(-1);
    // From any other state, and after a loss, the new build finds no pod.
    const isRebuild = last?.from === 'running' && last.to === 'building' && last.cause !== 'pod-lost';
    if (status.id !== id || status.state !== 'building' || !isRebuild || status.build === null) return false;
    const { number, steps } = status.build;
    const isLeft = steps.some(({ name, state }) => name === 'start-pod' && state === 'waiting');
    return isLeft && (await isNewestBefore(handle, build, number));
  } catch (error) {
    if (error instanceof RequestFailure && error.type === 'NotFound') return false;
    throw error;
  }
}

/** Whether no build between the two began. */
async function isNewestBefore(handle: WorkspaceHandle, build: number, newest: number): Promise<boolean> {
  if (build >= newest || newest - build > MAX_GAP) return false;
  for (let number = build + 1; number < newest; number += 1) if (await hasBegun(handle, number)) return false;
  return true;
}

async function hasBegun(handle: WorkspaceHandle, number: number): Promise<boolean> {
  try {
    await handle.build(number);
    return true;
  } catch (error) {
    if (error instanceof RequestFailure && error.type === 'NotFound') return false;
    throw error;
  }
}

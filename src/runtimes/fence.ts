import { RuntimeFailure } from './failure';

/** Keeps a late attempt of an old build from acting. */
export interface Fence {
  /** The highest build that was started or stopped. */
  seen: number;
  /** The highest build that was stopped. */
  ended: number;
}

/** The fence of a new workspace. */
export const OPEN_FENCE: Fence = { seen: 0, ended: 0 };

/**
 * The fence after a start of a build's pod.
 * @throws StaleBuild, with the newest build found, when that build is older than one seen, or ended already
 */
export function raiseForStart(fence: Fence, { id, build }: { id: string; build: number }): Fence {
  if (build >= fence.seen && build > fence.ended) return { ...fence, seen: build };
  const found = Math.max(fence.seen, fence.ended);
  const why = build <= fence.ended ? 'was ended already' : 'is an older one';
  throw new RuntimeFailure('StaleBuild', `build ${build} of ${id} ${why}; the newest build seen is ${found}`, {
    details: { found },
  });
}

/** The fence after a stop of a build's pod: starts of that build, and of older ones, fail from then on. */
export const raiseForStop = (fence: Fence, build: number): Fence => ({
  seen: Math.max(fence.seen, build),
  ended: Math.max(fence.ended, build),
});

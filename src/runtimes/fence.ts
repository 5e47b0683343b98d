import { RuntimeFailure } from './failure';

/** What keeps a forgotten attempt of an old build from acting: the highest build ever asked for, and the highest ever ended. */
export interface Fence {
  seen: number;
  ended: number;
}

/** The fence of a workspace that was never seen. */
export const OPEN_FENCE: Fence = { seen: 0, ended: 0 };

/**
 * The fence once a build's pod is started.
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

/** The fence once a build's pod is stopped: no start of that build, or of an older one, passes any more. */
export const raiseForStop = (fence: Fence, build: number): Fence => ({
  seen: Math.max(fence.seen, build),
  ended: Math.max(fence.ended, build),
});

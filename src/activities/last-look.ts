/** The last look before an auto-off. */
import type { PodRef } from '../runtimes/runtime';
import type { Dependencies } from './dependencies';
import { retriedUnless, translated } from './failure';

/** The activity `lastLook`. */
export function lastLookActivities({ runtime }: Dependencies) {
  return {
    /** When a terminal last had input, in epoch milliseconds; null without terminals. Only `PodLost` is final: no answer is not idle. */
    lastLook: ({ pod }: { pod: PodRef }): Promise<{ lastInputAt: number | null }> =>
      translated(async () => {
        const at = await retriedUnless(['PodLost'], () => runtime.lastTerminalInput(pod));
        return { lastInputAt: typeof at === 'number' && Number.isFinite(at) ? at : null };
      }),
  };
}

/** The long-lived watch, and one more that waits for no hook and no pod. */
const NOT_FOR_LONG_STEPS = 2;
/** As many come free in a morning as hooks and starts end; a quarter for the rest is plenty, since that takes seconds. */
const PART_FOR_LONG_STEPS = 0.75;

/** The fewest care slots with which a hook, the watch, and a stop fit side by side. */
export const FEWEST_CARE_SLOTS = NOT_FOR_LONG_STEPS + 1;

/** How many of so many care slots may wait for hooks and for pods, which takes minutes. */
export function slotsForLongSteps(careSlots: number): number {
  return Math.max(1, Math.min(Math.floor(careSlots * PART_FOR_LONG_STEPS), careSlots - NOT_FOR_LONG_STEPS));
}

/** Slots of the long-lived watch, and of one activity that never waits for a hook or a pod. */
const NOT_FOR_LONG_STEPS = 2;
/** The share of slots for hooks and pods. A quarter is enough for the rest, which takes seconds. */
const PART_FOR_LONG_STEPS = 0.75;

/** The fewest care slots that run a hook, the watch, and a stop at once. */
export const FEWEST_CARE_SLOTS = NOT_FOR_LONG_STEPS + 1;

/** How many care slots may wait for hooks and pods, which takes minutes. */
export function slotsForLongSteps(careSlots: number): number {
  return Math.max(1, Math.min(Math.floor(careSlots * PART_FOR_LONG_STEPS), careSlots - NOT_FOR_LONG_STEPS));
}

/** The long-lived watch, and one more that is never a hook's. */
const NOT_FOR_HOOKS = 2;
/** As many come free in a morning as hooks end; a quarter for the rest is plenty, since that takes seconds. */
const PART_FOR_HOOKS = 0.75;

/** The fewest care slots with which a hook, the watch, and a stop fit side by side. */
export const FEWEST_CARE_SLOTS = NOT_FOR_HOOKS + 1;

/** How many of so many care slots hooks may hold, which take minutes. */
export function slotsForHooks(careSlots: number): number {
  return Math.max(1, Math.min(Math.floor(careSlots * PART_FOR_HOOKS), careSlots - NOT_FOR_HOOKS));
}

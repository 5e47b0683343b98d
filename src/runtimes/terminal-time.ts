/** The kernel hides the rhythm of typing: it updates a terminal's time of access only at multiples of this. */
const UPDATE_SECONDS = 8;

/**
 * The latest instant, in epoch milliseconds, of input that a terminal's time of access does not show yet: later input would have
 * updated it. It may be in the future.
 */
export function latestInputMs(accessedAtMs: number): number {
  const periodMs = UPDATE_SECONDS * 1_000;
  return (Math.floor(accessedAtMs / periodMs) + 1) * periodMs;
}

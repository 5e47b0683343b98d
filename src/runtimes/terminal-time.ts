/** The kernel hides the rhythm of what is typed: it notes a later time only once the seconds have passed a multiple of this. */
const NOTED_EVERY_SECONDS = 8;

/**
 * Until when a terminal may have had input that its time of access does not show, in epoch milliseconds: input since then would
 * have been noted. It may lie in the future.
 */
export function latestInputMs(accessedAtMs: number): number {
  const periodMs = NOTED_EVERY_SECONDS * 1_000;
  return (Math.floor(accessedAtMs / periodMs) + 1) * periodMs;
}

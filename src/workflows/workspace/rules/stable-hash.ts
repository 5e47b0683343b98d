/**
 * Implements docs/rules-of-time.md, "Auto-start": the deterministic offset of each workspace (jitter), which replays alike. The same
 * hash spreads the owners of a large organization over its partitions.
 */

// The context that workflows run in looks up globals slowly, and this is called for each character.
const { imul } = Math;

/** From 0 to below 1, the same for the same text, evenly spread: FNV-1a in 32 bits with the finalizer of MurmurHash3. */
export function stableFraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

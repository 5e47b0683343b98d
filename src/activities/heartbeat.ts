/** Most of what is done is over before the first beat. */
const FIRST_GAP_MS = 250;
/** An activity hears of its cancellation with a beat, and is given up for lost after some seconds without any. */
const LONGEST_GAP_MS = 3_000;
const GROWTH = 1.5;

/**
 * Calls `beat` soon, and then ever later: each one costs the server a write, and what has taken long may be cancelled a little later.
 * Returns what ends it.
 */
export function startPulse(beat: () => void): () => void {
  let gapMs = FIRST_GAP_MS;
  let timer = setTimeout(function next() {
    gapMs = Math.min(gapMs * GROWTH, LONGEST_GAP_MS);
    timer = setTimeout(next, gapMs);
    beat();
  }, gapMs);
  return () => clearTimeout(timer);
}

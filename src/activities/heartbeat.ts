/** Most activities end before the first heartbeat. */
const FIRST_PAUSE_MS = 250;
/** A cancellation arrives with a heartbeat, and the server takes an activity for lost after some seconds without one. */
const MAX_PAUSE_MS = 3_000;
const BACKOFF = 1.5;

/**
 * Calls `send` soon, and then at growing intervals: each heartbeat costs the server a write, and a long activity may learn of its
 * cancellation a little later. Returns a function that ends it.
 */
export function startHeartbeat(send: () => void): () => void {
  let pauseMs = FIRST_PAUSE_MS;
  let timer = setTimeout(function next() {
    pauseMs = Math.min(pauseMs * BACKOFF, MAX_PAUSE_MS);
    timer = setTimeout(next, pauseMs);
    send();
  }, pauseMs);
  return () => clearTimeout(timer);
}

/** Says in one line what is being done, with the seconds since the start. */
export type Say = (line: string) => void;

/** Plain lines, on a terminal too, so that what was said can be scrolled back to, piped, and pasted. */
export function createProgress({ write, now = Date.now }: { write: (text: string) => void; now?: () => number }): {
  say: Say;
  elapsedSeconds: () => string;
} {
  const startedAt = now();
  const elapsedSeconds = () => ((now() - startedAt) / 1_000).toFixed(1);
  return { elapsedSeconds, say: (line) => write(`${elapsedSeconds().padStart(6)} s  ${line}\n`) };
}

/** Says each 15 s that something long still goes on, until `work` has ended. */
export async function withHeartbeat<Result>(
  { say, doing }: { say: Say; doing: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const startedAt = Date.now();
  const timer = setInterval(() => say(`still ${doing} (${Math.round((Date.now() - startedAt) / 1_000)} s so far)`), 15_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Waits for work until aborted, and then throws the signal's reason. The work itself goes on to its end. */
export async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  try {
    const answer = await Promise.race([work(), aborted]);
    signal.throwIfAborted();
    return answer;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

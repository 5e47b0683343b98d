/** Does a job for each of `count` numbers, at most `lanes` of them at once. */
export async function inLanes(count: number, lanes: number, job: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < count; index = next++) await job(index);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

/** Asks again until the answer is true; rejects with what it waited for after a minute and a half, or another limit. */
export async function until(what: string, holds: () => Promise<boolean>, pauseMs = 10, limitMs = 90_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`timed out after ${limitMs / 1_000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Does a job for each of `count` numbers, at most `lanes` of them at once. */
export async function inLanes(count: number, lanes: number, job: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < count; index = next++) await job(index);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}

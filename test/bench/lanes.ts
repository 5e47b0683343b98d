import pMap from 'p-map';

/** Does a job for each of `count` numbers, at most `lanes` of them at once, and resolves with the results in their order. */
export function inLanes<T>(count: number, lanes: number, job: (index: number) => Promise<T>) {
  return pMap(Array(count).keys(), job, { concurrency: lanes });
}

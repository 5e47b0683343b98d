/** The CPU time of this process that work uses, in milliseconds: unlike the time of a clock it does not grow with what else runs. */
export function cpuTimeMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

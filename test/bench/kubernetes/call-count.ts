/** How many calls the runtime made to the API server, by verb and kind. */
import type { KubernetesRuntime } from '../../../src/runtimes/kubernetes';

export type Calls = Map<string, number>;

/** The calls that were made while `work` ran. */
export async function countCalls(runtime: KubernetesRuntime, work: () => Promise<void>): Promise<Calls> {
  const before = new Map(runtime.calls);
  await work();
  const added = [...runtime.calls].map(([call, count]) => [call, count - (before.get(call) ?? 0)] as const);
  return new Map(added.filter(([, count]) => count > 0));
}

export const sumCalls = (all: Calls): number => [...all.values()].reduce((total, count) => total + count, 0);

/** The calls for each of `times`: `9 (GET pods 3, POST pods 1, …)` */
export function listCalls(all: Calls, times: number): string {
  const show = (count: number) => (count / times).toLocaleString('en', { maximumFractionDigits: 1 });
  const kinds = [...all].sort(([, one], [, two]) => two - one).map(([call, count]) => `${call} ${show(count)}`);
  return `${show(sumCalls(all))}${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`;
}

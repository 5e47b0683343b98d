/** The benchmarks that need a cluster: that of KUBECONFIG. */
import { runMeasurements } from '../run';
import { calls } from './calls';
import { massOn } from './mass';
import { rebuild } from './rebuild';

/** Measures all, or those named, and ends the process. `tool`: the program that made the cluster, and can give it fake nodes. */
export function main(names: string[], tool: string | null): Promise<void> {
  return runMeasurements({ measurements: [rebuild, calls, massOn(tool)], names, close: async () => undefined });
}

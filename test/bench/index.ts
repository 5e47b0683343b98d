/** The benchmarks that need nothing but this machine. */
import { autoOff } from './auto-off';
import { campaign } from './campaign';
import { cli } from './cli';
import { events } from './events';
import { gateway } from './gateway';
import { heap } from './heap';
import { mask } from './mask';
import { closeMemoryBenchEnv } from './memory-bench-env';
import { organization } from './organization';
import { ping } from './ping';
import { rebuild } from './rebuild';
import { replay } from './replay';
import { runMeasurements, type Summary } from './run';

/** In this order: the last one turns the fleet off that `ping` uses. */
const MEASUREMENTS = [rebuild, heap, events, replay, organization, campaign, mask, ping, gateway, cli, autoOff];

/** Measures all, or those named, and ends the process. */
export function main(names: string[], leave: (summary: Summary) => void): Promise<void> {
  return runMeasurements({ measurements: MEASUREMENTS, names, close: closeMemoryBenchEnv, leave });
}

import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { TemporalConfig } from './context';

/** Temporal's standard variables and profile file. A file of its own, so that it is loaded only by commands that connect. */
export function readTemporalConfig(env: NodeJS.ProcessEnv): TemporalConfig {
  const defined = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(defined) });
}

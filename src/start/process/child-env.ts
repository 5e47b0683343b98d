import path from 'node:path';
import { settleNoProxy } from '../../client/loopback';

/**
 * The environment for what the stack starts: the user's own without Temporal's variables and profile file, which may point
 * to a cluster elsewhere, while the embedded stack talks to its own server only. A profile file that is missing is passed
 * over by the SDK, but an empty one is an error to it, so a file is named that never exists. No proxy stands between them.
 */
export function childEnv(env: NodeJS.ProcessEnv, dir: string): NodeJS.ProcessEnv {
  const kept = Object.entries({ ...env, ...settleNoProxy(env) }).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: path.join(dir, 'no-temporal-profiles.toml') };
}

/** The environment of Perennial's own programs: the server's address, the runtime, and DIR, which also holds the secrets. */
export function programEnv(
  env: NodeJS.ProcessEnv,
  {
    temporal,
    runtime,
    dir,
    images,
  }: { temporal: { address: string; namespace: string }; runtime: string; dir: string; images: string },
): NodeJS.ProcessEnv {
  return {
    ...env,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    PERENNIAL_RUNTIME: runtime,
    PERENNIAL_DIR: dir,
    PERENNIAL_IMAGES: images,
    PERENNIAL_SECRETS: 'files',
  };
}

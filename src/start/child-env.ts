import os from 'node:os';

/**
 * The environment for what the stack starts: the user's own without Temporal's variables and profile file, which may point
 * to a cluster elsewhere, while the embedded stack talks to its own server only.
 */
export function childEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: os.devNull };
}

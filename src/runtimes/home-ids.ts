import type { Runtime } from './runtime';

/** The ids of the homes that exist; null when the list may be incomplete. */
export async function listHomeIds(runtime: Runtime): Promise<Set<string> | null> {
  let isComplete = true;
  const homes = await runtime.listHomes(() => {
    isComplete = false;
  });
  return isComplete ? new Set(homes.map(({ id }) => id)) : null;
}

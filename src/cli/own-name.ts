import { userInfo } from 'node:os';

const LIMIT = 200;

/** The user's name where no `--by` is given: from the environment, else from the machine; null where neither has one. */
export function ownName(env: NodeJS.ProcessEnv, machineName = () => userInfo().username): string | null {
  return [...(env.USER || env.LOGNAME || nameOrNull(machineName) || '')].slice(0, LIMIT).join('') || null;
}

// It throws for a user whom the machine's list of users does not have, as in many containers.
function nameOrNull(machineName: () => string): string | null {
  try {
    return machineName();
  } catch {
    return null;
  }
}

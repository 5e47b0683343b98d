import { readScript } from '../../../hooks/shell/read-script';
import type { PodRecord } from '../store/sandbox-record';

const LOGIN = readScript(__dirname, '..', 'scripts', 'login.sh');
const READ_PROFILES = readScript(__dirname, '..', '..', 'scripts', 'read-profiles.sh');
const COMPLETE_PATH = readScript(__dirname, '..', 'scripts', 'complete-path.sh');

const TEXTS = { PERENNIAL_READ_PROFILES: READ_PROFILES, PERENNIAL_COMPLETE_PATH: COMPLETE_PATH };

/**
 * The command of a terminal without a given command, and its environment. It runs the user's login shell, or `sh` where that is missing
 * or runs no commands.
 *
 * The system's profile replaces the search path. So where the image or the injected secrets add to it, an interactive shell reads the
 * profiles itself and completes the path; a shell that cannot is started by a login shell that only reads the profiles.
 */
export function loginShell({ user, env }: PodRecord): { argv: string[]; env: Record<string, string> } {
  const path: Record<string, string> = env.PATH ? { PERENNIAL_PATH: env.PATH } : {};
  return { argv: ['sh', '-c', LOGIN, user.shell], env: { ...path, ...TEXTS } };
}

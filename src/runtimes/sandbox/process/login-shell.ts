import { readScript } from '../../../hooks/shell/read-script';
import type { PodRecord } from '../store/sandbox-record';

const LOGIN = readScript(__dirname, '..', 'scripts', 'login.sh');
const COMPLETE_PATH = readScript(__dirname, '..', 'scripts', 'complete-path.sh');

/**
 * The command of a terminal without a given command, and its environment. It runs the user's login shell, or `sh` where that is missing
 * or runs no commands.
 *
 * The system's profile replaces the search path. So where the image or the injected secrets add to it, a login shell that only reads the
 * profiles is followed by an interactive shell with a complete path.
 */
export function loginShell({ user, env }: PodRecord): { argv: string[]; env: Record<string, string> } {
  const path: Record<string, string> = env.PATH ? { PERENNIAL_PATH: env.PATH } : {};
  return { argv: ['sh', '-c', LOGIN, user.shell], env: { ...path, PERENNIAL_COMPLETE_PATH: COMPLETE_PATH } };
}

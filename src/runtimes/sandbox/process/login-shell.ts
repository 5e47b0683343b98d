import { readScript } from '../../../hooks/shell/read-script';
import type { PodRecord } from '../store/sandbox-record';

const LOGIN = readScript(__dirname, '..', 'scripts', 'login.sh');
const COMPLETE_PATH = readScript(__dirname, '..', 'scripts', 'complete-path.sh');

/**
 * The command of a terminal in which none is named, and what it reads from its environment. It runs the user's login shell; where that
 * is not there, or runs no commands, `sh` takes its place.
 *
 * The system's profile sets the search path afresh, so where the image has one of its own, a login shell that runs no more than the
 * profiles gives way to an interactive one whose path is complete again.
 */
export function loginShell({ user, env }: PodRecord): { argv: string[]; env: Record<string, string> } {
  const paths: Record<string, string> = env.PATH ? { PERENNIAL_PATH: env.PATH, PERENNIAL_COMPLETE_PATH: COMPLETE_PATH } : {};
  return { argv: ['sh', '-c', LOGIN, user.shell], env: paths };
}

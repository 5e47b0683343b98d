import { readScript } from '../../hooks/shell/read-script';

const LOGIN_SCRIPT = readScript(__dirname, 'scripts', 'login.sh');
const READ_PROFILES = readScript(__dirname, '..', 'scripts', 'read-profiles.sh');
const COMPLETE_PATH = readScript(__dirname, '..', 'scripts', 'complete-path.sh');

/** The command line of a terminal in which no command is given. */
export const LOGIN = ['sh', '-c', LOGIN_SCRIPT, 'sh', READ_PROFILES, COMPLETE_PATH];

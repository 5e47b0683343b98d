import { readScript } from '../../../hooks/shell/read-script';

/** Where the init container mounts the whole volume, as in seed.sh; the user never sees it. */
export const VOLUME_PATH = '/perennial-volume';
/** The folder of the volume that is the home, as in seed.sh. */
export const HOME_FOLDER = 'home';

/** Waits, and exits 0 on a signal. */
export const WAIT_SCRIPT = readScript(__dirname, '..', 'scripts', 'wait.sh');
/** The main process of a workspace. */
export const MAIN_SCRIPT = readScript(__dirname, '..', 'scripts', 'main.sh');
/** Seeds the home once, as its user. */
export const SEED_SCRIPT = readScript(__dirname, '..', 'scripts', 'seed.sh');

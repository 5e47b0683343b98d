import { readScript } from '../shell/read-script';

/** Shell text that reads the injected variables, where there are any, before a command or a terminal begins. */
export const READ_INJECTED = `${readScript(__dirname, '..', 'scripts', 'injected.sh')}\nread_injected`;

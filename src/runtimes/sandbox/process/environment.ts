import { PROGRAM_PATH } from './path';

/**
 * Some of these a shell keeps to itself or gives a meaning of its own, and one that refuses a value ends the whole shell: each is tried
 * in a subshell first.
 */
const KEPT_BY_SHELLS = new Set('UID EUID PPID GROUPS OPTIND SHELLOPTS BASHOPTS BASH_VERSINFO LINENO RANDOM SECONDS'.split(' '));

/**
 * Carries an environment past programs that must not read it: those that enter a sandbox run as root, and their C library would take
 * locales and converters from wherever a variable says. `unpack` is shell text that restores it inside; `carried` is what it reads.
 */
export function carryEnvironment(env: Record<string, string>): { carried: Record<string, string>; unpack: string } {
  const settings = Object.entries(env).map(([name, value], index) => ({
    carrier: `PERENNIAL_CARRIED_${index}`,
    setting: `${name}=${value}`,
    isKept: KEPT_BY_SHELLS.has(name),
  }));
  const plain = settings.filter(({ isKept }) => !isKept).map(({ carrier }) => `export "$${carrier}"`);
  const kept = settings
    .filter(({ isKept }) => isKept)
    .map(({ carrier }) => `(export "$${carrier}") 2>/dev/null && export "$${carrier}"`);
  const unset = `unset ${settings.map(({ carrier }) => carrier).join(' ')}`;
  return {
    carried: Object.fromEntries(settings.map(({ carrier, setting }) => [carrier, setting])),
    unpack: [...plain, ...kept, unset].join('; '),
  };
}

/** A search path that begins as given and in which the system's own programs are found too: without them not even `sh` would be. */
export function completePath(path: string): string {
  const folders = path.split(':').filter((folder) => folder !== '');
  const missing = PROGRAM_PATH.split(':').filter((folder) => !folders.includes(folder));
  return [...folders, ...missing].join(':');
}

import { KEPT_BY_SHELLS } from '../../../hooks/shell/kept-variables';
import { PROGRAM_PATH } from './path';

/**
 * Passes an environment through programs that must not read it: the programs that enter a sandbox run as root, and their C library would
 * load locales and converters from any path in a variable. `unpack` is shell text that restores it inside from `carried`.
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

/** A search path, completed with the folders of the system's programs, without which not even `sh` would be found. */
export function completePath(path: string): string {
  const folders = path.split(':').filter((folder) => folder !== '');
  const missing = PROGRAM_PATH.split(':').filter((folder) => !folders.includes(folder));
  return [...folders, ...missing].join(':');
}

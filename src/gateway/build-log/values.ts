import { setTimeout as pause } from 'node:timers/promises';
import type { HolderValues } from '../../secrets/prepared-values';
import type { MaskedHolder } from '../../secrets/values-to-mask';

/** Reads the values to hide, as known at a moment or later, epoch milliseconds. */
export type ReadValuesSince = (holder: MaskedHolder, moment: number) => Promise<HolderValues>;

/** Before the first reading. */
export const NO_VALUES: HolderValues = { known: null, versions: '' };

/** The shortest time from the beginning of one reading of a holder to that of the next. */
const READ_INTERVAL_MS = 250;
/** How long the last reading of a holder is kept after the last request for it. */
const KEPT_MS = 60_000;

interface Kept {
  /** When the last reading began, epoch milliseconds. */
  at: number;
  values: Promise<HolderValues>;
  /** What the next reading gives; null: no caller waits for it. */
  next: Promise<HolderValues> | null;
  expiry: NodeJS.Timeout;
}

/**
 * Output may have a value that was set a moment before; so the values are read after the output. Callers that ask before the next
 * reading begins share it.
 */
export function createValueReader(read: (holder: MaskedHolder) => Promise<HolderValues>, now: () => number): ReadValuesSince {
  const kept = new Map<string, Kept>();
  const begin = (key: string): Kept => {
    const expiry = setTimeout(() => kept.delete(key), KEPT_MS).unref();
    const entry = { at: Number.NEGATIVE_INFINITY, values: Promise.resolve(NO_VALUES), next: null, expiry };
    kept.set(key, entry);
    return entry;
  };
  const readNext = async (entry: Kept, holder: MaskedHolder): Promise<HolderValues> => {
    await entry.values.catch(() => undefined);
    await pause(Math.min(READ_INTERVAL_MS, Math.max(0, entry.at + READ_INTERVAL_MS - now())));
    entry.at = now();
    entry.next = null;
    entry.values = read(holder);
    return entry.values;
  };
  return (holder, moment) => {
    const key = `${holder.organization}/${holder.owner}`;
    const entry = kept.get(key) ?? begin(key);
    entry.expiry.refresh();
    // A reading that began in the same millisecond may have begun before the moment.
    if (entry.at > moment) return entry.values;
    entry.next ??= readNext(entry, holder);
    return entry.next;
  };
}

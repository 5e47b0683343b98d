import { setTimeout as pause } from 'node:timers/promises';
import { type PreparedValues, prepareValues } from '../../hooks/mask';

/** Whose values are to be hidden. */
export interface ValueHolder {
  owner: string;
  organization: string;
}

/** The values to hide, prepared once for all logs of a holder. */
export interface ValuesToHide {
  readonly strings: readonly string[];
  readonly prepared: PreparedValues;
}

/** Reads the values to hide, as known at a moment or later, epoch milliseconds. */
export type ReadValuesSince = (holder: ValueHolder, moment: number) => Promise<ValuesToHide>;

/** Before the first reading. */
export const NO_VALUES: ValuesToHide = { strings: [], prepared: prepareValues([]) };

/** The shortest time from the beginning of one reading of a holder to that of the next. */
const READ_INTERVAL_MS = 250;
/** How long the values of a holder are kept after the last request for them. */
const KEPT_MS = 60_000;

interface Kept {
  /** When the last reading began, epoch milliseconds. */
  at: number;
  values: Promise<ValuesToHide>;
  /** What the next reading gives; null: no caller waits for it. */
  next: Promise<ValuesToHide> | null;
  /** The last values that were read. */
  last: ValuesToHide;
  expiry: NodeJS.Timeout;
}

/** Whether two lists of values are equal. */
export const areSame = (one: readonly string[], other: readonly string[]): boolean =>
  one === other || (one.length === other.length && one.every((value, index) => value === other[index]));

/**
 * Output may have a value that was set a moment before; so the values are read after the output. Callers that ask before the next
 * reading begins share it.
 */
export function createValueReader(read: (holder: ValueHolder) => Promise<string[]>, now: () => number): ReadValuesSince {
  const kept = new Map<string, Kept>();
  const begin = (key: string): Kept => {
    const expiry = setTimeout(() => kept.delete(key), KEPT_MS).unref();
    const entry = { at: Number.NEGATIVE_INFINITY, values: Promise.resolve(NO_VALUES), next: null, last: NO_VALUES, expiry };
    kept.set(key, entry);
    return entry;
  };
  const readNext = async (entry: Kept, holder: ValueHolder): Promise<ValuesToHide> => {
    await entry.values.catch(() => undefined);
    await pause(Math.min(READ_INTERVAL_MS, Math.max(0, entry.at + READ_INTERVAL_MS - now())));
    entry.at = now();
    entry.next = null;
    entry.values = read(holder).then((strings) => {
      if (!areSame(strings, entry.last.strings)) entry.last = { strings, prepared: prepareValues(strings) };
      return entry.last;
    });
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

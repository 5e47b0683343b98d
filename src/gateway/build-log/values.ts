/** Whose values are to be hidden. */
export interface ValueHolder {
  owner: string;
  organization: string;
}

/** Reads the values to hide, as known at a moment or later, epoch milliseconds. */
export type ReadValuesSince = (holder: ValueHolder, moment: number) => Promise<string[]>;

/** Holders whose values are kept at a time. */
const MAX_KEPT = 200;

/**
 * Output may have a value that was set a moment before; so the values are read after the output. Readers at the same time share one
 * reading.
 */
export function createValueReader(read: (holder: ValueHolder) => Promise<string[]>, now: () => number): ReadValuesSince {
  const kept = new Map<string, { at: number; values: Promise<string[]> }>();
  return (holder, moment) => {
    const key = `${holder.organization}/${holder.owner}`;
    const known = kept.get(key);
    if (known && known.at >= moment) return known.values;
    const entry = { at: now(), values: read(holder) };
    kept.delete(key);
    kept.set(key, entry);
    entry.values.catch(() => kept.get(key) === entry && kept.delete(key));
    const oldest = kept.keys().next().value;
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return entry.values;
  };
}

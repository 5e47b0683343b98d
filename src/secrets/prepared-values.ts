import { type PreparedValues, prepareInSlices } from '../hooks/mask';
import { holderKey } from './named-secrets';
import { ownerKeyHolder } from './owner-key';
import type { SecretStore } from './store';
import { type MaskedHolder, valuesToMask } from './values-to-mask';

/** Above the pause between two reads of one running hook. */
const KEPT_MS = 60_000;
/** Of all values together: a prepared value has up to some 12 bytes for each character. */
const MAX_KEPT_CHARS = 32 * 1024 * 1024;

/** The values of a holder, prepared for maskers. */
export interface HolderValues extends PreparedValues {
  /** The versions of all records that the values come from. */
  readonly versions: string;
}

interface Kept {
  versions: string;
  prepared: Promise<HolderValues>;
  /** The length of all values; 0 until they are read. */
  chars: number;
  /** When it was last asked for, epoch milliseconds. */
  at: number;
}

/**
 * Reads `valuesToMask` for maskers. Each call asks the store for versions, and only a change makes it read and prepare the values
 * again; what was prepared is kept for a minute after the last call. Calls at the same time share one preparation.
 */
export function createPreparedReader(
  store: SecretStore,
  { now = Date.now, maxKeptChars = MAX_KEPT_CHARS }: { now?: () => number; maxKeptChars?: number } = {},
): (of: MaskedHolder) => Promise<HolderValues> {
  const kept = new Map<string, Kept>();
  const prepare = async (of: MaskedHolder, versions: string, onRead: (chars: number) => void) => {
    const values = await valuesToMask(store, of);
    onRead(values.reduce((sum, { length }) => sum + length, 0));
    return { ...(await prepareInSlices(values)), versions };
  };
  return async (of) => {
    const key = `${of.organization}/${of.owner}`;
    // A change between this and the reading is seen as one by the next call.
    const versions = await versionsOf(store, of);
    let entry = kept.get(key);
    if (entry?.versions !== versions) {
      const onRead = (chars: number) => {
        made.chars = chars;
      };
      const made: Kept = { versions, prepared: prepare(of, versions, onRead), chars: 0, at: 0 };
      made.prepared.catch(() => kept.get(key) === made && kept.delete(key));
      entry = made;
    }
    entry.at = now();
    kept.delete(key);
    kept.set(key, entry);
    dropOldest(kept, entry.at, maxKeptChars);
    return entry.prepared;
  };
}

/** The map begins with the entry that was not asked for the longest. */
function dropOldest(kept: Map<string, Kept>, moment: number, maxChars: number): void {
  let chars = [...kept.values()].reduce((sum, entry) => sum + entry.chars, 0);
  for (const [key, entry] of kept) {
    if (entry.at + KEPT_MS > moment && chars <= maxChars) return;
    kept.delete(key);
    chars -= entry.chars;
  }
}

async function versionsOf(store: SecretStore, { owner, organization }: MaskedHolder): Promise<string> {
  const lists = await Promise.all([
    store.list(ownerKeyHolder(owner)),
    store.list(holderKey({ scope: 'owner', name: owner })),
    store.list(holderKey({ scope: 'organization', name: organization })),
  ]);
  return JSON.stringify(lists.map((records) => records.map(({ name, version }) => [name, version])));
}

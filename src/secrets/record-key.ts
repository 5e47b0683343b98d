import { NAME } from '../contract/names';
import { RuntimeFailure } from '../runtimes/failure';
import type { NewRecord, RecordKey } from './store';

const KINDS: readonly string[] = ['secret', 'ssh-key', 'signing-key'] satisfies RecordKey['kind'][];
const RECORD_NAME = /^[A-Za-z0-9_.-]{1,100}$/;
const MAX_VALUE_BYTES = 512 * 1024;
const MAX_DESCRIPTION_BYTES = 4 * 1024;

/** Refuses kinds and holders that do not exist: they become parts of paths and of object names. */
export function checkHolder({ kind, holder }: Omit<RecordKey, 'name'>): void {
  const [scope, name, ...rest] = holder.split('/');
  const isKnown =
    holder === 'installation' ||
    ((scope === 'owner' || scope === 'organization') && name !== undefined && NAME.test(name) && rest.length === 0);
  if (!KINDS.includes(kind) || !isKnown)
    throw invalid(`no kind of record and holder is ${JSON.stringify(`${kind} of ${holder}`)}`);
}

/** Refuses every key that no record can have. */
export function checkKey(key: RecordKey): void {
  checkHolder(key);
  if (!RECORD_NAME.test(key.name)) {
    throw invalid(`name: expected 1 to 100 of A-Z, a-z, 0-9, "_", "-", and ".", got ${JSON.stringify(key.name)}`);
  }
}

/** Refuses what is too large for a store. */
export function checkRecord(key: RecordKey, { value, description }: NewRecord): void {
  if (value.length > MAX_VALUE_BYTES) {
    throw invalid(`${describeKey(key)}: expected at most ${MAX_VALUE_BYTES} bytes, got ${value.length}`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(description));
  if (bytes > MAX_DESCRIPTION_BYTES) {
    throw invalid(`${describeKey(key)}: expected a description of at most ${MAX_DESCRIPTION_BYTES} bytes, got ${bytes}`);
  }
}

/** The record in a sentence. */
export const describeKey = ({ kind, holder, name }: RecordKey): string => `the ${kind} ${name} of ${holder}`;

const invalid = (message: string) => new RuntimeFailure('InvalidRequest', message);

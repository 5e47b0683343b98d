/**
 * Where secrets and keys are kept: the interface of the stores, which know neither Temporal nor what a record is for. All stores obey
 * these rules, and one contract suite tests them on every store:
 *
 * 1. **Whole or not at all.** A process or machine that ends in the middle of a `put` leaves the old record or the new one.
 * 2. **Versions rise.** Each `put` and `delete` of a record makes a version one above the last, also after a deletion.
 * 3. **Compare and set.** With `expected`, a change happens only if that is the present version; else it fails with `Conflict`.
 *    Of several writers that expect the same version, one succeeds.
 * 4. **A list has no values.** `list` reads descriptions alone.
 * 5. **Not there is an answer.** A record that does not exist is null; a store that gives no answer fails with `RuntimeUnavailable`.
 * 6. **A value stays in the store.** It is in no error message, log line, process argument, or file that others may read.
 *
 * Every failure is a `RuntimeFailure` (`RuntimeUnavailable`) or a `Conflict`, with one plain sentence that names the record.
 */
export interface SecretStore {
  /** Its name in settings: `files` or `kubernetes`. */
  readonly name: string;

  /** The record with its value; null when it was never put or is deleted. */
  get(key: RecordKey): Promise<StoredRecord | null>;

  /**
   * Creates or replaces a record. `expected` is the version that it has to have, 0 for a record that must not exist; absent: any.
   * @throws Conflict, RuntimeUnavailable
   */
  put(key: RecordKey, record: NewRecord, expected?: number): Promise<PutAnswer>;

  /**
   * Deletes the value; the version stays known. Without a record, or after a deletion, the call succeeds and changes nothing.
   * @throws Conflict, RuntimeUnavailable
   */
  delete(key: RecordKey, expected?: number): Promise<void>;

  /** The records of one kind and holder, sorted by name, without values. */
  list(of: Omit<RecordKey, 'name'>): Promise<RecordInfo[]>;

  /** Releases connections. */
  close(): Promise<void>;
}

/** The identity of a record. */
export interface RecordKey {
  /** `secret`: a named secret. `ssh-key`: an owner's key pair. `signing-key`: a key that signs tokens. */
  kind: 'secret' | 'ssh-key' | 'signing-key';
  /** `owner/<name>`, `organization/<name>`, or `installation`. */
  holder: string;
  /** Unique for kind and holder; at most 100 characters of `A-Z`, `a-z`, `0-9`, `_`, `-`, `.`. */
  name: string;
}

/** What a `put` writes. */
export interface NewRecord {
  /** At most 512 KiB. */
  value: Buffer;
  /** What may be listed, as plain JSON of at most 4 KiB: never a part of the value. */
  description: Record<string, unknown>;
}

/** What a `put` made. */
export interface PutAnswer {
  version: number;
  /** When, epoch milliseconds. */
  at: number;
}

/** A record as `list` shows it. */
export interface RecordInfo {
  name: string;
  /** From 1. */
  version: number;
  /** When it was put, epoch milliseconds. */
  at: number;
  /** As it was put. */
  description: Record<string, unknown>;
}

/** A record with its value. */
export interface StoredRecord extends RecordInfo {
  value: Buffer;
}

/** Another writer was first: the record does not have the expected version. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Say } from '../progress';

/** Of the server in its working folder, DIR. */
export const DATABASE = 'temporal.db';

const PIECE_BYTES = 64 * 1024;
/** Many times what a server writes before it has made its namespaces. */
const MOST_UNFINISHED_BYTES = 16 * 1024 * 1024;

/**
 * Puts a database aside in which the namespace was never made: the very first start was killed while it made its tables. The server makes
 * them where there is no file, and ends at once where there is one without them. Names stand in the database as they are, and the
 * namespace is what is made after all tables, so a database without its name holds no workspace.
 */
export function setAsideUnfinished({ dir, namespace, say }: { dir: string; namespace: string; say: Say }): void {
  const [database = '', log = '', ...others] = ['', '-wal', '-shm'].map((ending) => path.join(dir, `${DATABASE}${ending}`));
  if (sizeOf(database) === null || [database, log].some((file) => mayHold(file, namespace))) return;
  // The database itself goes last, so that one whose log is gone is not taken for a whole one.
  for (const file of [...others, log, database]) {
    if (sizeOf(file) !== null) renameSync(file, path.join(dir, `unfinished-${path.basename(file)}`));
  }
  say(`an earlier start was cut off before its database was made; what it left was put aside as unfinished-${DATABASE}`);
}

const sizeOf = (file: string): number | null => statSync(file, { throwIfNoEntry: false })?.size ?? null;

function mayHold(file: string, text: string): boolean {
  const size = sizeOf(file);
  return size !== null && (size > MOST_UNFINISHED_BYTES || holds(file, text));
}

function holds(file: string, text: string): boolean {
  const handle = openSync(file, 'r');
  const piece = Buffer.alloc(PIECE_BYTES);
  try {
    // Pieces overlap, as the text may stand across their ends.
    for (let at = 0; ; at += PIECE_BYTES - text.length) {
      const count = readSync(handle, piece, 0, PIECE_BYTES, at);
      if (piece.subarray(0, count).includes(text)) return true;
      if (count < PIECE_BYTES) return false;
    }
  } finally {
    closeSync(handle);
  }
}

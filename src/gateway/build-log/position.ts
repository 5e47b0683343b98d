/**
 * Positions in a step's log that outlive the process. A log is cut at its beginning when it has become too long, and begins again when its
 * hook runs again; so a position is known by the bytes before it, not by its offset alone.
 */

/** A position behind bytes that were read. */
export interface LogPosition {
  /** In bytes, from 0. */
  offset: number;
  /** The hash of the last `TAIL_BYTES` before it, or of all bytes before it. */
  tail: string;
}

/** How many bytes before a position identify it. */
export const TAIL_BYTES = 1024;

/** The beginning of every log. */
export const LOG_BEGIN: LogPosition = { offset: 0, tail: '' };

/** The first line of a log whose beginning was cut. */
export const CUT_NOTE = Buffer.from('[perennial: this log passed ');

/** The parameters of a polynomial hash in two halves. They are fixed, since every copy of the gateway has to find the same. */
const BASES = [0x01000193, 0x5bd1e995] as const;

type Hash = [number, number];

const grow = ([one, two]: Hash, byte: number): Hash => [
  (Math.imul(one, BASES[0]) + byte + 1) | 0,
  (Math.imul(two, BASES[1]) + byte + 1) | 0,
];
const format = (hash: Hash): string => hash.map((half) => (half >>> 0).toString(36)).join('-');

/** The hash of the bytes before a position. */
export function hashTail(bytes: Buffer): string {
  let hash: Hash = [0, 0];
  for (const byte of bytes.subarray(-TAIL_BYTES)) hash = grow(hash, byte);
  return format(hash);
}

/** Looks for a position in a log that was cut. Takes the log in parts of any size, and holds one window of it. */
export interface PositionFinder {
  /** The offset at which the same bytes end for the first time; null: not yet. */
  push(bytes: Buffer): number | null;
}

export function createPositionFinder({ offset, tail }: LogPosition): PositionFinder {
  const length = Math.min(offset, TAIL_BYTES);
  const window = Buffer.alloc(Math.max(1, length));
  const leaving = BASES.map((base) => power(base, length)) as Hash;
  let hash: Hash = [0, 0];
  let count = 0;
  return {
    push(bytes) {
      for (const byte of bytes) {
        const slot = count % window.length;
        const gone = (window[slot] ?? 0) + 1;
        hash = grow(hash, byte);
        if (count >= length) hash = [(hash[0] - Math.imul(gone, leaving[0])) | 0, (hash[1] - Math.imul(gone, leaving[1])) | 0];
        window[slot] = byte;
        count += 1;
        if (count >= length && length > 0 && format(hash) === tail) return count;
      }
      return null;
    },
  };
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let count = 0; count < exponent; count += 1) result = Math.imul(result, base);
  return result;
}

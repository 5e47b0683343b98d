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

/** Longer than a log that was cut, which happens at 10 MiB. */
export const MAX_LOG_BYTES = 16 * 1024 * 1024;

/** The beginning of every log. */
export const LOG_BEGIN: LogPosition = { offset: 0, tail: '' };

/** The first line of a log whose beginning was cut. */
export const CUT_NOTE = Buffer.from('[perennial: this log passed ');

const { imul } = Math;

/** The parameters of a polynomial hash in two halves. They are fixed, since every copy of the gateway has to find the same. */
const BASES = [0x01000193, 0x5bd1e995] as const;

type Hash = [number, number];

const grow = ([one, two]: Hash, byte: number): Hash => [
  (imul(one, BASES[0]) + byte + 1) | 0,
  (imul(two, BASES[1]) + byte + 1) | 0,
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
  const [one, two] = tail.split('-').map((half) => Number.parseInt(half, 36) | 0);
  const window = Buffer.alloc(Math.max(1, length));
  const [leavingOne, leavingTwo] = [power(BASES[0], length), power(BASES[1], length)];
  let hashOne = 0;
  let hashTwo = 0;
  let count = 0;
  let slot = 0;
  return {
    // Millions of bytes pass through here, so nothing is allocated for one.
    push(bytes) {
      for (let at = 0; at < bytes.length; at += 1) {
        const byte = bytes[at] ?? 0;
        const gone = count >= length ? (window[slot] ?? 0) + 1 : 0;
        hashOne = (imul(hashOne, BASES[0]) + byte + 1 - imul(gone, leavingOne)) | 0;
        hashTwo = (imul(hashTwo, BASES[1]) + byte + 1 - imul(gone, leavingTwo)) | 0;
        window[slot] = byte;
        slot = slot + 1 === window.length ? 0 : slot + 1;
        count += 1;
        if (hashOne === one && hashTwo === two && count >= length && length > 0) return count;
      }
      return null;
    },
  };
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let count = 0; count < exponent; count += 1) result = imul(result, base);
  return result;
}

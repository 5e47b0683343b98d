import { setImmediate } from 'node:timers/promises';
import { createPieceTable, type PieceTable } from './piece-table';
import { HALVES, hashBytes, LONGEST_PIECE, SHORTEST_PIECE, spread } from './rolling-hash';

/**
 * Values to be hidden, as hashes of their pieces. A value of up to 31 bytes is one piece. A longer one is cut into pieces of 32 bytes, the
 * last of which ends with the value; so its memory is a fraction of the values, and a part of a value is found as well. Each line of a
 * value of many lines is a value of its own. Line breaks are no part of a piece.
 */
export interface KnownValues {
  /** Which pieces may end, or begin, with the 6 bytes of a hash of the first half. */
  mayHave(hash: number): number;
  /** What a string of a known length is: no piece, the last piece of a value, or a piece before the last. */
  pieceOf(length: number, first: number, second: number): 0 | 1 | 2;
  /** How long the longest piece is that begins with the bytes of the hash, of which there are 6, 12, or 24; 0 when none does. */
  longestWithBeginning(length: BeginningLength, first: number, second: number): number;
  /** Whether a piece ends with the 6 bytes of the hash. */
  isEnd(first: number, second: number): boolean;
}

/** Bits of `mayHave`: bit n stands for a piece of n bytes less 6 that ends there. */
export const BEGINNING_BIT = 27;
export const END_BIT = 28;

/** A piece that has not come whole is recognised by the longest of these beginnings that has come. */
export const BEGINNING_LENGTHS = [24, 12, SHORTEST_PIECE] as const;
export type BeginningLength = (typeof BEGINNING_LENGTHS)[number];

/** Added to hashes, so that one table holds hashes of several kinds. */
const KIND = { beginning: 0x5bd1e995, end: 0x1b873593 };

/** How long a slice of a preparation keeps the process from other work. */
const SLICE_MS = 5;

const BLANKS = new Set([0x20, 0x09]);
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** Prepares values for maskers; null when there is nothing to hide. A value below 6 bytes is not hidden. */
export function knownValues(values: readonly string[]): KnownValues | null {
  const steps = prepare(values);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The same in short slices, between which other work of the process goes on. */
export async function knownValuesInSlices(values: readonly string[]): Promise<KnownValues | null> {
  const steps = prepare(values);
  for (let began = performance.now(); ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - began < SLICE_MS) continue;
    await setImmediate();
    began = performance.now();
  }
}

/** Yields between short steps. */
function* prepare(values: readonly string[]): Generator<undefined, KnownValues | null> {
  const all = new Set(values);
  const chars = values.reduce((sum, { length }) => sum + length, 0);
  const filterBits = Math.min(21, Math.max(12, Math.ceil(Math.log2(chars + 1)) - 2));
  const { filter, shift, table }: Pieces = {
    filter: new Int32Array(2 ** filterBits),
    shift: 32 - filterBits,
    table: createPieceTable(),
  };
  let isEmpty = true;
  for (const value of all) {
    for (const form of formsOf(value)) {
      for (const isAdded of addValue({ filter, shift, table }, form)) {
        if (isAdded) isEmpty = false;
        yield;
      }
    }
  }
  if (isEmpty) return null;
  return {
    mayHave: (hash) => filter[spread(hash) >>> shift] ?? 0,
    pieceOf: (length, first, second) => table.get((first + length) | 0, second) as 0 | 1 | 2,
    longestWithBeginning: (length, first, second) => table.get(((first ^ KIND.beginning) + length) | 0, second),
    isEnd: (first, second) => table.get(first ^ KIND.end, second) !== 0,
  };
}

interface Pieces {
  filter: Int32Array;
  shift: number;
  table: PieceTable;
}

/** A value as it is, and as in a form, where a plus sign stands for a blank. */
function formsOf(value: string): Buffer[] {
  return value.includes('+') ? [Buffer.from(value), Buffer.from(value.replaceAll('+', ' '))] : [Buffer.from(value)];
}

/** Yields after each piece whether it was added. */
function* addValue(pieces: Pieces, value: Uint8Array): Generator<boolean> {
  if (!value.includes(LINE_FEED) && !value.includes(RETURN)) return yield* addPieces(pieces, value, 0, value.length);
  const whole = value.filter((byte) => byte !== LINE_FEED && byte !== RETURN);
  yield* addPieces(pieces, whole, 0, whole.length);
  let from = 0;
  for (let at = 0; at <= value.length; at += 1) {
    if (at < value.length && value[at] !== LINE_FEED && value[at] !== RETURN) continue;
    yield* addLine(pieces, value, from, at);
    from = at + 1;
  }
}

/** A line without the blanks around it, as it may be shown with another indentation. */
function addLine(pieces: Pieces, bytes: Uint8Array, from: number, to: number): Generator<boolean> {
  let first = from;
  let end = to;
  while (first < end && BLANKS.has(bytes[first] ?? 0)) first += 1;
  while (end > first && BLANKS.has(bytes[end - 1] ?? 0)) end -= 1;
  return addPieces(pieces, bytes, first, end);
}

function* addPieces(pieces: Pieces, bytes: Uint8Array, from: number, to: number): Generator<boolean> {
  if (to - from < SHORTEST_PIECE) return;
  const last = Math.max(from, to - LONGEST_PIECE);
  yield addPiece(pieces, bytes, last, { length: to - last, kind: 1 });
  for (let at = from; at < last; at += LONGEST_PIECE) yield addPiece(pieces, bytes, at, { length: LONGEST_PIECE, kind: 2 });
}

/** Blanks alone are no secret, and hiding them would hide every indentation. */
function addPiece(pieces: Pieces, bytes: Uint8Array, from: number, { length, kind }: { length: number; kind: 1 | 2 }): boolean {
  let [first, end] = [from, from + length];
  while (first < end && BLANKS.has(bytes[first] ?? 0)) first += 1;
  while (end > first && BLANKS.has(bytes[end - 1] ?? 0)) end -= 1;
  if (first === end) return false;
  const piece = hashesOf(bytes, from, length);
  pieces.table.raise((piece[0] + length) | 0, piece[1], kind);
  addBits(pieces, hashesOf(bytes, from + length - SHORTEST_PIECE, SHORTEST_PIECE), 1 << (length - SHORTEST_PIECE));
  // Six blanks alone would be the beginning of many lines.
  addBeginnings(pieces, bytes, first < from + SHORTEST_PIECE ? from : first, from + length);
  addEnd(pieces, bytes, from, end > from + length - SHORTEST_PIECE ? from + length : end);
  return true;
}

function addBeginnings(pieces: Pieces, bytes: Uint8Array, from: number, end: number): void {
  for (const length of BEGINNING_LENGTHS) {
    if (from + length > end) continue;
    const hash = hashesOf(bytes, from, length);
    pieces.table.raise(((hash[0] ^ KIND.beginning) + length) | 0, hash[1], end - from);
    if (length === SHORTEST_PIECE) addBits(pieces, hash, 1 << BEGINNING_BIT);
  }
}

function addEnd(pieces: Pieces, bytes: Uint8Array, from: number, end: number): void {
  if (from + SHORTEST_PIECE > end) return;
  const hash = hashesOf(bytes, end - SHORTEST_PIECE, SHORTEST_PIECE);
  pieces.table.raise(hash[0] ^ KIND.end, hash[1], 1);
  addBits(pieces, hash, 1 << END_BIT);
}

function addBits({ filter, shift }: Pieces, [hash]: readonly [number, number], bits: number): void {
  const slot = spread(hash) >>> shift;
  filter[slot] = (filter[slot] ?? 0) | bits;
}

function hashesOf(bytes: Uint8Array, from: number, length: number): readonly [number, number] {
  return [hashBytes(HALVES[0], bytes, from, length), hashBytes(HALVES[1], bytes, from, length)];
}

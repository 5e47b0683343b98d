import { BEGINNING_BIT, BEGINNING_LENGTHS, END_BIT, type KnownValues } from './known-values';
import { HALVES, LONGEST_PIECE, SHORTEST_PIECE } from './rolling-hash';

/** A piece lies within this much of a text, line breaks and codes included: so much is held back at most. */
export const LONGEST_SPAN = 4_096;

/** Receives a part of the text to be hidden, from a position up to another. */
export type Hide = (from: number, to: number) => void;

/** A power of two above the longest piece. */
const RING = 64;
const LAST = RING - 1;
const [ONE, TWO] = HALVES;
const POWERS = [ONE.powers, TWO.powers] as const;
const SHORTEST_POWER = ONE.powers[SHORTEST_PIECE] ?? 0;

/**
 * Finds pieces of the known values in one sequence of bytes, each of which stands somewhere in the text. The work for a byte is constant:
 * one look-up, and one for each length of a piece that ends with the last 6 bytes.
 */
export class PieceFinder {
  private readonly known: KnownValues;
  private readonly hide: Hide;
  /** The text begins in the middle of a longer one, so its beginning may be the rest of a piece. */
  private readonly startsInside: boolean;
  /** Of the last bytes: the hashes of all bytes before each, where it begins in the text, and where a piece that it begins would end. */
  private readonly ones = new Int32Array(RING);
  private readonly twos = new Int32Array(RING);
  private readonly starts = new Float64Array(RING);
  private readonly pieceEnds = new Float64Array(RING);
  private lastBeginning = Number.NEGATIVE_INFINITY;
  /** How many bytes there were at the end of the last piece that another follows in its value. */
  private continuedAt = Number.NEGATIVE_INFINITY;
  private count = 0;

  constructor(known: KnownValues, hide: Hide, startsInside: boolean) {
    this.known = known;
    this.hide = hide;
    this.startsInside = startsInside;
  }

  /** The next byte, which stands from `from` up to `to` in the text. Line breaks are skipped, as a value may be wrapped. */
  take(byte: number, from: number, to: number): void {
    if (byte === 0x0a || byte === 0x0d) return;
    const slot = this.count & LAST;
    this.starts[slot] = from;
    this.count += 1;
    const next = this.count & LAST;
    const hash = (Math.imul(this.ones[slot] ?? 0, ONE.base) + (ONE.byteCodes[byte] ?? 0)) | 0;
    this.ones[next] = hash;
    this.twos[next] = (Math.imul(this.twos[slot] ?? 0, TWO.base) + (TWO.byteCodes[byte] ?? 0)) | 0;
    if (this.count < SHORTEST_PIECE) return;
    const before = this.ones[(this.count - SHORTEST_PIECE) & LAST] ?? 0;
    const bits = this.known.mayHave((hash - Math.imul(before, SHORTEST_POWER)) | 0);
    if (bits !== 0) this.check(bits, to);
  }

  /**
   * Where the first byte stands, from `earliest` on, that seems to begin a piece which is not complete yet: there are 6 bytes of it, or
   * its value has come up to there. Infinity when there is none. `undecoded` is where the text begins that is no byte yet.
   */
  beginningFrom(earliest: number, undecoded: number): number {
    const sinceLast = this.count - this.continuedAt;
    const next = sinceLast === 0 ? undecoded : (this.starts[this.continuedAt & LAST] ?? 0);
    const isContinued = sinceLast < SHORTEST_PIECE && next >= earliest;
    return Math.min(isContinued ? next : Number.POSITIVE_INFINITY, this.begunFrom(earliest));
  }

  private begunFrom(earliest: number): number {
    if (this.count - this.lastBeginning >= LONGEST_PIECE) return Number.POSITIVE_INFINITY;
    for (let index = Math.max(0, this.count - LONGEST_PIECE + 1); index <= this.count - SHORTEST_PIECE; index += 1) {
      const start = this.starts[index & LAST] ?? 0;
      if (start >= earliest && (this.pieceEnds[index & LAST] ?? 0) > this.count && this.seemsBegun(index)) return start;
    }
    return Number.POSITIVE_INFINITY;
  }

  private seemsBegun(index: number): boolean {
    const length = BEGINNING_LENGTHS.find((length) => index + length <= this.count) ?? SHORTEST_PIECE;
    const end = index + length;
    return index + this.known.longestWithBeginning(length, this.hashOf(0, length, end), this.hashOf(1, length, end)) > this.count;
  }

  /** Where the first byte stands that may belong to a piece which is not complete yet; Infinity before the first byte. */
  firstOpen(): number {
    if (this.count === 0) return Number.POSITIVE_INFINITY;
    return this.starts[Math.max(0, this.count - LONGEST_PIECE + 1) & LAST] ?? 0;
  }

  private check(bits: number, to: number): void {
    const { known, count } = this;
    if (bits & (1 << BEGINNING_BIT)) {
      const longest = known.longestWithBeginning(SHORTEST_PIECE, this.hashOf(0, SHORTEST_PIECE), this.hashOf(1, SHORTEST_PIECE));
      const index = count - SHORTEST_PIECE;
      this.pieceEnds[index & LAST] = index + longest;
      if (longest > 0) this.lastBeginning = index;
    }
    for (let length = Math.min(LONGEST_PIECE, count); length >= SHORTEST_PIECE; length -= 1) {
      if ((bits & (1 << (length - SHORTEST_PIECE))) === 0) continue;
      const piece = known.pieceOf(length, this.hashOf(0, length), this.hashOf(1, length));
      if (piece === 0) continue;
      if (piece === 2) this.continuedAt = count;
      this.hideFrom(this.starts[(count - length) & LAST] ?? 0, to);
      break;
    }
    if (!this.startsInside || count >= LONGEST_PIECE || (bits & (1 << END_BIT)) === 0) return;
    if (known.isEnd(this.hashOf(0, SHORTEST_PIECE), this.hashOf(1, SHORTEST_PIECE))) this.hideFrom(0, to);
  }

  private hideFrom(from: number, to: number): void {
    if (to - from <= LONGEST_SPAN) this.hide(from, to);
  }

  /** The hash in one half of the last bytes up to `end`. */
  private hashOf(half: 0 | 1, length: number, end = this.count): number {
    const ring = half === 0 ? this.ones : this.twos;
    const before = ring[(end - length) & LAST] ?? 0;
    return ((ring[end & LAST] ?? 0) - Math.imul(before, POWERS[half][length] ?? 0)) | 0;
  }
}

import type { KnownValues } from './known-values';
import { type Hide, LONGEST_SPAN, PieceFinder } from './piece-finder';

/** Finds known values in a text in all their forms: as they are, URL-encoded, and in base64 of either alphabet. */
export interface ValueScanner {
  /** Takes the next part of the text. Positions in the text count from its beginning. */
  take(part: string): void;
  /** Where the text begins that may be a part of a value which has not come whole. */
  firstOpen(): number;
  /** Hides the end of the text where it is the beginning of a value. */
  end(): void;
  /**
   * Ends a line and returns up to where the text is decided: a value is found across line breaks if 6 of its bytes stand before the
   * first of them. Else each line would have to wait for the next one.
   */
  endLine(): number;
}

/** With `startsInside` the text is the end of a longer one: the rest of a value at its beginning is hidden too. */
export function createValueScanner(known: KnownValues, hide: Hide, startsInside: boolean): ValueScanner {
  let position = 0;
  let decided = 0;
  const hideOpen: Hide = (from, to) => hide(Math.max(from, decided), to);
  const createFinder = () => new PieceFinder(known, hideOpen, startsInside);
  const [plain, decoded] = [createFinder(), createFinder()];
  // One for each way to divide the text into groups of four characters.
  const decodedBase64 = [createFinder(), createFinder(), createFinder(), createFinder()];
  const base64 = createBase64Decoder(decodedBase64);
  const urlDecoder = createUrlDecoder((byte, from, to) => {
    decoded.take(byte === PLUS ? BLANK : byte, from, to);
    base64.take(byte, from, to);
  });
  const encode = createUtf8Encoder((byte, from, to) => {
    if (byte === LINE_FEED || byte === RETURN) return;
    plain.take(byte, from, to);
    urlDecoder.take(byte, from, to);
  });
  const finders = [plain, decoded, ...decodedBase64];
  const beginning = () => {
    const earliest = position - LONGEST_SPAN;
    const undecoded = Math.min(urlDecoder.firstOpen(), base64.firstOpen());
    return Math.min(...finders.map((finder) => finder.beginningFrom(earliest, finder === plain ? position : undecoded)));
  };
  return {
    take(part) {
      for (let index = 0; index < part.length; index += 1) encode(part.charCodeAt(index), position + index);
      position += part.length;
    },
    firstOpen() {
      // The last character may be half of a surrogate pair.
      const open = Math.min(position - 1, ...[urlDecoder, base64, ...finders].map((part) => part.firstOpen()));
      return Math.max(open, position - LONGEST_SPAN);
    },
    end() {
      const from = beginning();
      if (from < position) hideOpen(from, position);
    },
    endLine() {
      decided = Math.max(decided, Math.min(position, beginning()));
      return decided;
    },
  };
}

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const BLANK = 0x20;
const PERCENT = 0x25;
const PLUS = 0x2b;

type TakeByte = (byte: number, from: number, to: number) => void;

/** Half of a surrogate pair alone becomes the replacement character, as everywhere. */
function createUtf8Encoder(take: TakeByte): (unit: number, position: number) => void {
  let high: number | null = null;
  const takeAll = (codePoint: number, from: number, to: number) => {
    const tail = (shift: number) => take(0x80 | ((codePoint >> shift) & 0x3f), from, to);
    if (codePoint < 0x800) take(0xc0 | (codePoint >> 6), from, to);
    else if (codePoint < 0x10000) take(0xe0 | (codePoint >> 12), from, to);
    else take(0xf0 | (codePoint >> 18), from, to);
    if (codePoint >= 0x10000) tail(12);
    if (codePoint >= 0x800) tail(6);
    tail(0);
  };
  return (unit, position) => {
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (high !== null) {
      const first = high;
      high = null;
      if (isLow) return takeAll(0x10000 + ((first - 0xd800) << 10) + (unit - 0xdc00), position - 1, position + 1);
      takeAll(0xfffd, position - 1, position);
    }
    if (unit < 0x80) take(unit, position, position + 1);
    else if (unit >= 0xd800 && unit <= 0xdbff) high = unit;
    else takeAll(isLow ? 0xfffd : unit, position, position + 1);
  };
}

/** The value of each hexadecimal digit; -1 for all other bytes. */
const HEX = tableOf(['0123456789abcdef', '0123456789ABCDEF']);

/** What is no valid code is passed on as it is. */
function createUrlDecoder(take: TakeByte): { take: TakeByte; firstOpen: () => number } {
  let code: { from: number; digit: { value: number; byte: number; from: number; to: number } | null } | null = null;
  const takePlain: TakeByte = (byte, from, to) => {
    if (byte === PERCENT) code = { from, digit: null };
    else take(byte, from, to);
  };
  return {
    firstOpen: () => code?.from ?? Number.POSITIVE_INFINITY,
    take(byte, from, to) {
      if (code === null) return takePlain(byte, from, to);
      const value = HEX[byte] ?? -1;
      const begun = code;
      if (value >= 0 && begun.digit === null) {
        begun.digit = { value, byte, from, to };
        return;
      }
      code = null;
      if (value >= 0 && begun.digit !== null) return take(begun.digit.value * 16 + value, begun.from, to);
      take(PERCENT, begun.from, begun.from + 1);
      if (begun.digit !== null) take(begun.digit.byte, begun.digit.from, begun.digit.to);
      takePlain(byte, from, to);
    },
  };
}

/** The value of each character of both alphabets of base64; -1 for all others, which are skipped. */
const SEXTETS = tableOf([
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
]);

function createBase64Decoder(finders: PieceFinder[]): { take: TakeByte; firstOpen: () => number } {
  let count = 0;
  let previous = 0;
  let previousFrom = Number.POSITIVE_INFINITY;
  return {
    firstOpen: () => previousFrom,
    take(byte, from, to) {
      const sextet = SEXTETS[byte] ?? -1;
      if (sextet < 0) return;
      // A group of four characters has three bytes, each of which is known when its second character is.
      if (count > 0) {
        finders[count & 3]?.take(((previous << 2) | (sextet >> 4)) & 0xff, previousFrom, to);
        finders[(count + 3) & 3]?.take(((previous << 4) | (sextet >> 2)) & 0xff, previousFrom, to);
        finders[(count + 2) & 3]?.take(((previous << 6) | sextet) & 0xff, previousFrom, to);
      }
      count += 1;
      previous = sextet;
      previousFrom = from;
    },
  };
}

function tableOf(alphabets: string[]): Int8Array {
  const table = new Int8Array(256).fill(-1);
  for (const alphabet of alphabets)
    for (const [value, character] of [...alphabet].entries()) table[character.charCodeAt(0)] = value;
  return table;
}

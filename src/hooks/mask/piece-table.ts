import { spread } from './rolling-hash';

/** A map of hashes to small numbers with open addressing: 9 bytes a slot, as values may have a million pieces. */
export interface PieceTable {
  /** The number of a hash; 0 when it has none. */
  get(first: number, second: number): number;
  /** Gives a hash a number from 1 to 255, unless it has a higher one. */
  raise(first: number, second: number, value: number): void;
}

/** Of a large table the growth as a whole would block the process. */
const PART_BITS = 6;
const FIRST_SLOT_BITS = 4;

/** Makes an empty table of several parts, each of which grows as it is filled. */
export function createPieceTable(): PieceTable {
  const parts: (PieceTable | undefined)[] = new Array(2 ** PART_BITS).fill(undefined);
  const indexOf = (first: number, second: number) => (first ^ second) >>> (32 - PART_BITS);
  return {
    get: (first, second) => parts[indexOf(first, second)]?.get(first, second) ?? 0,
    raise(first, second, value) {
      const index = indexOf(first, second);
      parts[index] ??= createPart();
      parts[index].raise(first, second, value);
    },
  };
}

function createPart(): PieceTable {
  let bits = FIRST_SLOT_BITS;
  let count = 0;
  let firsts = new Int32Array(2 ** bits);
  let seconds = new Int32Array(2 ** bits);
  let numbers = new Uint8Array(2 ** bits);
  /** The slot of a hash, or the free one in which it would be put. */
  const slotOf = (first: number, second: number) => {
    const mask = 2 ** bits - 1;
    let slot = spread(first, second) >>> (32 - bits);
    while (numbers[slot] !== 0 && (firsts[slot] !== first || seconds[slot] !== second)) slot = (slot + 1) & mask;
    return slot;
  };
  const put = (first: number, second: number, value: number) => {
    const slot = slotOf(first, second);
    if (numbers[slot] === 0) count += 1;
    firsts[slot] = first;
    seconds[slot] = second;
    numbers[slot] = Math.max(numbers[slot] ?? 0, value);
  };
  const grow = () => {
    const old = { firsts, seconds, numbers };
    bits += 1;
    count = 0;
    firsts = new Int32Array(2 ** bits);
    seconds = new Int32Array(2 ** bits);
    numbers = new Uint8Array(2 ** bits);
    for (let slot = 0; slot < old.numbers.length; slot += 1) {
      const value = old.numbers[slot] ?? 0;
      if (value > 0) put(old.firsts[slot] ?? 0, old.seconds[slot] ?? 0, value);
    }
  };
  return {
    get: (first, second) => numbers[slotOf(first, second)] ?? 0,
    raise(first, second, value) {
      put(first, second, value);
      if (count * 2 > 2 ** bits) grow();
    },
  };
}

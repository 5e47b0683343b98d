/**
 * A polynomial hash of short byte strings, 64 bits in two halves. Its parameters are random for each process, so that neither the author
 * of a value nor that of a text can make strings that collide.
 */
import { randomFillSync } from 'node:crypto';

/** The shortest and the longest string that is hashed as a piece of a value, in bytes. */
export const SHORTEST_PIECE = 6;
export const LONGEST_PIECE = 32;

const randomInts = (count: number) => randomFillSync(new Int32Array(count));
const randomOdd = () => (randomInts(1)[0] ?? 1) | 1;

/** One half of the hash: the hash of a string and one more byte is `imul(hash, base) + byteCodes[byte]`. */
export interface HashHalf {
  base: number;
  /** A random number for each byte. */
  byteCodes: Int32Array;
  /** The powers of the base, from the power 0 on. */
  powers: Int32Array;
}

export const HALVES: readonly [HashHalf, HashHalf] = [createHalf(), createHalf()];

function createHalf(): HashHalf {
  const base = randomOdd();
  const powers = new Int32Array(LONGEST_PIECE + 1).fill(1);
  for (let exponent = 1; exponent <= LONGEST_PIECE; exponent += 1) powers[exponent] = Math.imul(powers[exponent - 1] ?? 1, base);
  const byteCodes = randomInts(256);
  // A tab is shown as a blank.
  byteCodes[0x09] = byteCodes[0x20] ?? 0;
  return { base, byteCodes, powers };
}

/** The hash of `length` bytes from `from` on, in one half. */
export function hashBytes({ base, byteCodes }: HashHalf, bytes: Uint8Array, from: number, length: number): number {
  let hash = 0;
  for (let at = from; at < from + length; at += 1) hash = (Math.imul(hash, base) + (byteCodes[bytes[at] ?? 0] ?? 0)) | 0;
  return hash;
}

/** Spreads a hash over a table of a power of two: its upper bits depend on all bits of the hash. */
const SPREAD: readonly [number, number] = [randomOdd(), randomOdd()];
export const spread = (first: number, second = 0): number => Math.imul(first ^ Math.imul(second, SPREAD[0]), SPREAD[1]);

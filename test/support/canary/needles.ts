/** Searches for secret values in everything that leaves a workspace or a process: raw, as base64 at each offset, and URL-encoded. */
import { randomBytes } from 'node:crypto';

/** A secret value, and where it was put. */
export interface Canary {
  place: string;
  value: string;
}

/** A byte sequence that occurs only where the canary has leaked. */
interface Needle {
  place: string;
  form: string;
  bytes: Buffer;
}

/** All needles by their first four bytes, so that one pass over a text of any size finds them. */
export interface Needles {
  byStart: Map<number, Needle[]>;
  /** At the hash of each start 1: most bytes of a text begin no needle, and need no more than this. */
  filter: Uint8Array;
}

const FILTER_BITS = 20;
const hashOf = (start: number): number => Math.imul(start, 0x9e3779b1) >>> (32 - FILTER_BITS);

/** Shorter parts of a value occur by chance. */
const MIN_CHARACTERS = 12;

/** A value of which every encoding differs from the value itself; a part of it is found where the rest was cut off. */
export function plantCanary(place: string, lines = 1): Canary {
  const line = () => `canary/${randomBytes(12).toString('hex')}+${randomBytes(4).toString('hex')} &=%"\\é?${place.length}`;
  return { place, value: Array.from({ length: lines }, line).join('\n') };
}

/** What to search for: the value and each of its lines in every form, and the words of which it consists. */
export function needlesOf(canaries: Canary[]): Needles {
  const needles = canaries.flatMap(({ place, value }) => {
    const texts = [value, ...value.split('\n'), ...value.split(/[^\w-]+/)].filter((text) => text.length >= MIN_CHARACTERS);
    return texts.flatMap((text) => formsOf(text).map((form) => ({ place, ...form })));
  });
  const byStart: Needles['byStart'] = new Map();
  const filter = new Uint8Array(2 ** FILTER_BITS);
  for (const needle of needles) {
    const start = needle.bytes.readInt32LE(0);
    const others = byStart.get(start) ?? [];
    // Of equal forms the first one names it.
    if (!others.some(({ place, bytes }) => place === needle.place && bytes.equals(needle.bytes))) others.push(needle);
    byStart.set(start, others);
    filter[hashOf(start)] = 1;
  }
  return { byStart, filter };
}

/** The canaries in a text or in bytes, each as `place (form)`; empty where none has leaked. */
export function findCanaries(needles: Needles, text: string | Buffer): string[] {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  // Encoders of base64 wrap their lines, which JSON writes as `\\n` or as a list.
  const unwrapped = Buffer.from(bytes.toString('latin1').replaceAll(/\r?\n|\\n|",\s*"/g, ''), 'latin1');
  return [...new Set([bytes, unwrapped].flatMap((each) => search(needles, each)))];
}

function search({ byStart, filter }: Needles, text: Buffer): string[] {
  const found: string[] = [];
  let start = 0;
  for (let end = 0; end < text.length; end += 1) {
    start = (start >>> 8) | ((text[end] ?? 0) << 24);
    if (filter[hashOf(start)] === 0) continue;
    for (const { place, form, bytes } of byStart.get(start) ?? []) {
      if (bytes.equals(text.subarray(end - 3, end - 3 + bytes.length))) found.push(`${place} (${form})`);
    }
  }
  return found;
}

function formsOf(text: string): { form: string; bytes: Buffer }[] {
  const form = (name: string, encoded: string) => ({ form: name, bytes: Buffer.from(encoded) });
  const url = encodeURIComponent(text);
  return [
    form('raw', text),
    form('raw in JSON', JSON.stringify(text).slice(1, -1)),
    form('URL-encoded', url),
    form(
      'URL-encoded in lower case',
      url.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase()),
    ),
    form('URL-encoded as a form', url.replaceAll('%20', '+')),
    ...[0, 1, 2].flatMap((offset) => {
      const encoded = base64At(text, offset);
      const name = `base64 at offset ${offset}`;
      return [form(name, encoded), form(`${name} for URLs`, encoded.replaceAll('+', '-').replaceAll('/', '_'))];
    }),
  ];
}

/** The characters of the base64 text that depend on nothing but the value, which begins at this offset of three bytes. */
function base64At(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  const encoded = bytes.toString('base64');
  const whole = Math.floor((bytes.length * 8) / 6);
  return encoded.slice(Math.ceil((offset * 8) / 6), whole);
}

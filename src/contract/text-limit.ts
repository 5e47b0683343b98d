/** Truncates text from outside to fixed limits before it is kept. Pure, so that workflows may import it. */

/** How long a text may be. */
export interface TextLimit {
  /** UTF-16 code units, the `…` at the end of a truncated text included. */
  characters: number;
  /** Bytes of UTF-8 as JSON writes the text, without the quotes. Absent: three for each character. */
  bytes?: number;
}

/** Of every message: failures, warnings, evidence, heartbeats. */
export const MESSAGE_LIMIT: TextLimit = { characters: 500 };
/** Of one line of a hook's output. */
export const LINE_LIMIT: TextLimit = { characters: 300 };
/** Of names that an image or a cluster gives: a digest, a user, a path. */
export const NAME_LIMIT: TextLimit = { characters: 255 };

const ELLIPSIS = '…';
const ELLIPSIS_BYTES = 3;
/** JSON escapes each with six bytes, and they are of no use in a message. */
const CONTROLS = /\p{Cc}+/gu;
/** Halves of surrogate pairs, which some JSON parsers refuse. */
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** The text on one line and as valid Unicode, cut to the limit. */
export function cutText(text: string, limit: TextLimit): string {
  const { characters, bytes = characters * 3 } = limit;
  // The slice comes first, since the text may be of any length.
  const plain = text
    .slice(0, characters * 2)
    .replace(CONTROLS, ' ')
    .replace(LONE_SURROGATES, '\ufffd');
  const isWhole = text.length <= characters * 2 && plain.length <= characters && keptBytes(plain) <= bytes;
  return isWhole ? plain : cutAt(plain, { characters: characters - 1, bytes: bytes - ELLIPSIS_BYTES });
}

/** The last lines that fit into `bytes` as JSON, each truncated to the line's limit. */
export function cutLines(lines: string[], limits: { lines: number; line: TextLimit; bytes: number }): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines.slice(-limits.lines).reverse()) {
    const short = cutText(line, limits.line);
    bytes += keptBytes(short) + '"",'.length;
    if (bytes > limits.bytes) break;
    kept.unshift(short);
  }
  return kept;
}

function cutAt(text: string, limit: Required<TextLimit>): string {
  let length = 0;
  let bytes = 0;
  for (const character of text) {
    bytes += keptBytes(character);
    if (length + character.length > limit.characters || bytes > limit.bytes) break;
    length += character.length;
  }
  return text.slice(0, length) + ELLIPSIS;
}

/** Of text without control characters and lone surrogates. */
function keptBytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (character === '"' || character === '\\') bytes += 2;
    else bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

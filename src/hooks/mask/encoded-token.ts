/**
 * Finds JWTs that are encoded as base64, by the beginning that all of them share. Encoders wrap their lines, so the lines of the same
 * width behind it and the shorter last one are hidden too.
 */
import type { Hide } from './piece-finder';

/** `{"alg":` as it begins a JWT. */
const BEGINNING = Buffer.from('eyJhbGciOi');
const ENCODED = new RegExp([0, 1, 2].map(encodedAt).join('|'), 'g');
/** Line breaks may be written out, as in JSON. */
const RUN = /(?:[\w+/=-]|\\[nr])*/y;
/** The widths at which encoders wrap. */
const WIDTHS = { min: 20, max: 256 };
/** Above the lines of the longest token. */
const MAX_LINES = 1_000;

/** What belongs to a token at the beginning of the next part: the rest of a long line, or a line of this width. */
type Rest = { width: number | null; lines: number };

/** Takes one part after the other: a line, or a part of a long one. */
export function createEncodedTokenScanner(hide: Hide): (part: string, position: number) => void {
  let rest: Rest | null = null;
  return (part, position) => {
    const line = part.replace(/\r?\n$/, '');
    const isWhole = line.length < part.length;
    const restEnd = rest === null ? 0 : endOfRest(line, rest);
    if (restEnd > 0) hide(position, position + restEnd);
    if (restEnd === line.length) {
      rest = restEnd > 0 ? nextRest(line, isWhole, rest) : null;
      return;
    }
    rest = null;
    let shownFrom = restEnd;
    for (const { index } of line.matchAll(ENCODED)) {
      if (index < shownFrom) continue;
      shownFrom = runEnd(line, index);
      hide(position + index, position + shownFrom);
      if (shownFrom === line.length) rest = isWhole ? wrappedAt(line) : { width: null, lines: 0 };
    }
  };
}

/** Where the token's part at the beginning of a line ends; 0 where there is none. */
function endOfRest(line: string, { width }: Rest): number {
  const end = runEnd(line, 0);
  return width === null || (end === line.length && end <= width) ? end : 0;
}

function nextRest(line: string, isWhole: boolean, rest: Rest | null): Rest | null {
  if (rest === null || rest.width === null) return isWhole ? null : rest;
  return line.length === rest.width && rest.lines < MAX_LINES ? { ...rest, lines: rest.lines + 1 } : null;
}

function wrappedAt({ length }: string): Rest | null {
  return length >= WIDTHS.min && length <= WIDTHS.max ? { width: length, lines: 1 } : null;
}

function runEnd(line: string, from: number): number {
  RUN.lastIndex = from;
  RUN.exec(line);
  return RUN.lastIndex;
}

/** The characters that depend on nothing but the beginning, which stands at this offset of three bytes. */
function encodedAt(offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), BEGINNING]);
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

/** Finds secrets by their shape, in the parts of a text: private keys, which may have many lines, and JWTs, which have no line break. */
import type { Hide } from './piece-finder';

const KEY_BEGIN = /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/;
const KEY_END = /-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/;
/** Longer than any key in use; a lone BEGIN line must not hide the rest of a log. */
const MAX_KEY_LINES = 400;
/** The longest token, and the longest BEGIN or END of a key. */
const MAX_TOKEN_CHARS = 16_384;
const MARK_CHARS = 100;

/** Where a text ends to be the rest of a private key whose beginning is cut off; 0 when it does not begin inside a key. */
export function endOfCutKey(text: string): number {
  const end = KEY_END.exec(text);
  if (end === null) return 0;
  const begin = KEY_BEGIN.exec(text);
  return begin !== null && begin.index < end.index ? 0 : end.index + end[0].length;
}

/** Where an unfinished line may be cut: near its end, outside of a token and of a BEGIN or END of a key. */
export function findCut(text: string): number {
  const lowest = Math.max(0, text.length - MAX_TOKEN_CHARS - MARK_CHARS);
  let at = Math.max(lowest, text.length - MARK_CHARS);
  while (at > lowest && /[\w.-]/.test(text[at - 1] ?? '')) at -= 1;
  const from = Math.max(0, at - MARK_CHARS);
  const around = text.slice(from, at + MARK_CHARS);
  const marks = [KEY_BEGIN.exec(around), KEY_END.exec(around)].flatMap((match) =>
    match === null ? [] : { from: from + match.index, to: from + match.index + match[0].length },
  );
  return Math.min(at, ...marks.filter((mark) => mark.from < at && mark.to > at).map((mark) => mark.from));
}

/** Takes one part after the other: a line, or a part of a long one. `hideKey` also hides line breaks. */
export function createShapeScanner(hideToken: Hide, hideKey: Hide): (part: string, position: number) => void {
  let keyLines = 0;
  return (part, position) => {
    for (const run of part.matchAll(/[\w.-]+/g)) {
      const at = jwtIn(run[0]);
      if (at >= 0) hideToken(position + run.index + at, position + run.index + run[0].length);
    }
    let at = 0;
    for (;;) {
      const edge = (keyLines > 0 ? KEY_END : KEY_BEGIN).exec(part.slice(at));
      if (edge === null) break;
      const end = at + edge.index + edge[0].length;
      hideKey(position + (keyLines > 0 ? at : at + edge.index), position + end);
      keyLines = keyLines > 0 ? 0 : 1;
      at = end;
    }
    if (keyLines === 0) return;
    keyLines = keyLines < MAX_KEY_LINES ? keyLines + 1 : 0;
    const isGivenUp = keyLines === 0 && part.endsWith('\n');
    hideKey(position + at, position + part.length - (isGivenUp ? 1 : 0));
  };
}

/** Where a JWT begins in a whole run of its characters, or -1: one expression for all of it would take quadratic time on hostile output. */
function jwtIn(run: string): number {
  const parts = run.split('.');
  let length = 0;
  for (const [index, part] of parts.entries()) {
    const start = part.indexOf('eyJ');
    // One dot is enough where the header is long: the rest may not have been written yet.
    const needed = part.length - start >= 12 ? 1 : 2;
    if (start >= 0 && index + needed < parts.length) return length + start;
    length += part.length + 1;
  }
  return -1;
}

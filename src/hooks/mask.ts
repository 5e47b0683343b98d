/**
 * Hides secrets before output leaves a workspace: by their shape, and by known values. A password that is neither is not recognised.
 */
import { createEncodedTokenScanner } from './mask/encoded-token';
import { createHiddenText } from './mask/hidden-text';
import { type KnownValues, knownValues, knownValuesInSlices } from './mask/known-values';
import { createShapeScanner, endOfCutKey, findCut } from './mask/shapes';
import { createValueScanner } from './mask/value-scanner';

/** The longest unfinished line that is held. */
const MAX_PENDING_CHARS = 262_144;

/** Masks a stream: print what `push` returns for each chunk, and at last what `end` returns. */
export interface Masker {
  /**
   * Takes the next chunk and returns all complete lines. A secret by its shape may be cut by a chunk, never by a line. A known value may
   * be wrapped: a line that ends with the beginning of one comes with the next lines. Of a very long line it returns parts, so that it
   * holds little.
   */
  push(chunk: string): string;
  /** Returns what is left: the last line if it had no line break. An end that is the beginning of a known value is hidden. */
  end(): string;
}

/** Secrets known by value, or prepared once for many maskers. Those below 6 bytes are not hidden. */
export type MaskValues = readonly string[] | PreparedValues;

/** Values that are prepared for maskers. */
export interface PreparedValues {
  readonly known: KnownValues | null;
}

/** What is known of the text. */
export interface MaskedPart {
  /** The text is the end of a longer one, so it may begin in the middle of a value; that is hidden, too. */
  startsInside?: boolean;
}

/** Prepares values once for many maskers: that takes a second for the largest. */
export function prepareValues(values: MaskValues): PreparedValues {
  return 'known' in values ? values : { known: knownValues(values) };
}

/** The same in short slices, between which other work of the process goes on: for all values of a holder, which may be large. */
export async function prepareInSlices(values: readonly string[]): Promise<PreparedValues> {
  return { known: await knownValuesInSlices(values) };
}

/** Masks private key blocks, JWTs, and the given values in a text, which may begin inside a key. */
export function maskText(text: string, values: MaskValues = [], part: MaskedPart = {}): string {
  const masker = createTextMasker(values, part, endOfCutKey(text));
  return masker.push(text) + masker.end();
}

/** Makes a masker for a stream of chunks of any size; `values` are secrets known by value. */
export function createMasker(values: MaskValues = [], part: MaskedPart = {}): Masker {
  return createTextMasker(values, part, 0);
}

function createTextMasker(values: MaskValues, { startsInside = false }: MaskedPart, endOfKey: number): Masker {
  const { known } = prepareValues(values);
  const hidden = createHiddenText();
  if (endOfKey > 0) hidden.hide({ from: 0, to: endOfKey, wholeLines: true });
  const hide = (from: number, to: number) => hidden.hide({ from, to, wholeLines: false });
  const scanEncoded = createEncodedTokenScanner(hide);
  const scanShapes = createShapeScanner(hide, (from, to) => hidden.hide({ from, to, wholeLines: true }));
  const scanner = known === null ? null : createValueScanner(known, hide, startsInside);
  let position = 0;
  const scan = (part: string) => {
    hidden.hold(part);
    scanner?.take(part);
    scanShapes(part, position);
    scanEncoded(part, position);
    position += part.length;
  };
  let line: string[] = [];
  let lineChars = 0;
  const hold = (text: string) => {
    line = text === '' ? [] : [text];
    lineChars = text.length;
  };
  const endLine = () => {
    scan(line.join(''));
    hold('');
    return hidden.release(scanner?.endLine() ?? position);
  };
  // Only the text decides where a long line is cut, not the chunks.
  const cutLine = () => {
    const text = line.join('');
    const at = findCut(text) || text.length;
    scan(text.slice(0, at));
    hold(text.slice(at));
    return hidden.release(scanner?.firstOpen() ?? position);
  };
  return {
    push(chunk) {
      const shown: string[] = [];
      for (let at = 0; at < chunk.length; ) {
        const found = chunk.indexOf('\n', at);
        const end = found < 0 ? chunk.length : found + 1;
        while (at < end) {
          const taken = chunk.slice(at, Math.min(end, at + MAX_PENDING_CHARS - lineChars));
          line.push(taken);
          lineChars += taken.length;
          at += taken.length;
          if (taken.endsWith('\n')) shown.push(endLine());
          else if (lineChars === MAX_PENDING_CHARS) shown.push(cutLine());
        }
      }
      return shown.join('');
    },
    end() {
      scan(line.join(''));
      hold('');
      scanner?.end();
      return hidden.release(position);
    },
  };
}

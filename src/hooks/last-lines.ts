import { type MaskedPart, type MaskValues, maskText, prepareValues } from './mask';

const MAX_LINES = 50;
const MAX_LINE_CHARS = 300;
/** Longer than any token in use. */
const MAX_TOKEN_CHARS = 8_192;

/** Colours and cursor moves, window titles, and all other escapes of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be removed.
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]P_^X][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]/g;
/** Also the marks of text direction: with them a line could imitate another. */
const CONTROLS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** What is known of a hook's output. */
export interface OutputPart {
  /** Whether it is the end of a longer output. */
  cut: boolean;
  /** Secrets known by value. */
  secrets?: MaskValues;
}

/**
 * The last lines of a hook's output, fit to leave the workspace: at most 50 of at most 300 characters, without control characters,
 * masked. With `cut`, the text begins inside a line, which is left out, as half a token is not recognised. Its end is shown when there
 * is no other line.
 */
export function lastLines(text: string, { cut, secrets = [] }: OutputPart): string[] {
  const firstEnd = text.indexOf('\n') + 1 || text.length;
  const first = trimReturns(text.slice(0, firstEnd).replace(/\n$/, ''));
  // After a carriage return begins a complete line.
  const isFirstCut = cut && !first.includes('\r');
  const clean = createCleaner(secrets, { startsInside: cut });
  const known = clean(isFirstCut ? text.slice(firstEnd) : text).trimEnd();
  if (known === '') return isFirstCut ? showEnd(clean(first), secrets) : [];
  return known
    .split('\n')
    .slice(-MAX_LINES)
    .map((line) => cutText(line, MAX_LINE_CHARS));
}

/** The end of a line whose beginning is unknown: the possible rest of a token is left out. */
function showEnd(line: string, secrets: MaskValues): string[] {
  const tokenRest = /^[\w.+/=-]*/.exec(line.slice(0, MAX_TOKEN_CHARS))?.[0] ?? '';
  const masked = maskText(line.slice(tokenRest.length), secrets).trim();
  if (masked === '') return [];
  return [masked.length <= MAX_LINE_CHARS ? masked : `…${masked.slice(1 - MAX_LINE_CHARS).replace(/^[\udc00-\udfff]/, '')}`];
}

/** One sentence from a workspace, cleaned in the same way. */
export function cleanSentence(text: string, secrets: MaskValues = []): string {
  return cutText(createCleaner(secrets, {})(text).replaceAll('\n', ' ').trim(), MAX_LINE_CHARS);
}

/** A value may have control characters, or be whole only without them: a known one is looked for in both. */
function createCleaner(secrets: MaskValues, part: MaskedPart): (text: string) => string {
  const values = prepareValues(secrets);
  return (text) => {
    const lines = values.known === null ? text : maskText(text, values, part);
    return maskText(lines.split('\n').map(cleanLine).join('\n').trimEnd(), values, part);
  };
}

/** Without an expression, which takes quadratic time on many returns. */
function trimReturns(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
}

function cleanLine(line: string): string {
  // A carriage return overwrites the line, as a progress bar does.
  const shown = trimReturns(line);
  return shown
    .slice(shown.lastIndexOf('\r') + 1)
    .replace(ESCAPES, '')
    .replaceAll('\t', ' ')
    .replace(CONTROLS, '');
}

/** Text of at most `maxChars` characters; an ellipsis shows that it was cut. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const kept = text.slice(0, maxChars - 1);
  // Half of a surrogate pair is no character, and not every JSON reader takes it.
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

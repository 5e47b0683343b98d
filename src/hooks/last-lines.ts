import { maskText } from './mask';

const MAX_LINES = 50;
const MAX_LINE_CHARS = 300;

/** Colours and cursor moves, window titles, and all other escapes of a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be removed.
const ESCAPES = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]P_^X][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]/g;
/** Also what turns the direction of text: a line could pose as another one. */
const CONTROLS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The last lines of a hook's output, fit to leave the workspace: at most 50 of at most 300 characters, without control
 * characters, masked. With `cut`, the text begins inside a line; that line is left out, as half a token is not known for one.
 */
export function lastLines(text: string, { cut }: { cut: boolean }): string[] {
  const whole = cut ? text.slice(text.indexOf('\n') + 1 || text.length) : text;
  const plain = whole.split('\n').map(cleanLine).join('\n').trimEnd();
  if (plain === '') return [];
  return maskText(plain).split('\n').slice(-MAX_LINES).map(cutLine);
}

/** One sentence that came out of a workspace, made fit in the same way. */
export function cleanSentence(text: string): string {
  return cutLine(maskText(cleanLine(text)).trim());
}

function cleanLine(line: string): string {
  // A carriage return starts the line again, as a progress bar does; a terminal shows what came last.
  const shown = line.replace(/\r+$/, '');
  return shown
    .slice(shown.lastIndexOf('\r') + 1)
    .replace(ESCAPES, '')
    .replaceAll('\t', ' ')
    .replace(CONTROLS, '');
}

function cutLine(line: string): string {
  if (line.length <= MAX_LINE_CHARS) return line;
  const kept = line.slice(0, MAX_LINE_CHARS - 1);
  // Half of a surrogate pair is no character, and not every JSON reader takes it.
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** Text that came from others, made fit for the terminal of who reads it. */

/** Colours, cursor moves, window titles, and all other sequences of a terminal (ECMA-48), in seven bits and in eight. A line ends them all. */
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be removed.
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]P^_X]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]/g;
/** The beginning of one, whose rest is still to come. */
const BEGINNING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the same.
  /(?:(?:\u001b\[|\u009b)[0-?]*[ -/]*|(?:\u001b[\]P^_X]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*\u001b?|\u001b[ -/]*)$/;
/** What is left of control characters, and what turns the direction of text: a line could pose as another one. */
const CONTROL = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A stream of text, of which a sequence may be cut by the end of a piece. */
export interface PlainTextStream {
  push(piece: string): string;
  /** What was held back for its end, if there is anything to show of it. */
  end(): string;
}

/**
 * Takes out of a text what would move the cursor, repaint the terminal, or set its title. Line ends and tabs stay. What a carriage
 * return would have written over stays too, on a line of its own.
 */
export function toPlainText(text: string): string {
  return settleLines(text.replace(SEQUENCE, ''));
}

/** The same for a stream. */
export function createPlainTextStream(): PlainTextStream {
  let held = '';
  let returns = '';
  return {
    push(piece) {
      const text = held + piece;
      held = BEGINNING.exec(text)?.[0] ?? '';
      const lines = returns + text.slice(0, text.length - held.length).replace(SEQUENCE, '');
      const length = withoutReturns(lines);
      returns = lines.slice(length);
      return settleLines(lines.slice(0, length));
    },
    end() {
      const rest = settleLines(returns + held.replace(SEQUENCE, ''));
      held = '';
      returns = '';
      return rest;
    },
  };
}

function settleLines(text: string): string {
  return text.replace(/\r+\n?/g, '\n').replace(CONTROL, '');
}

/** The length of a text without the carriage returns at its end. A pattern would look at each run of them from each of its places. */
function withoutReturns(text: string): number {
  let length = text.length;
  while (text[length - 1] === '\r') length -= 1;
  return length;
}

/** JSON whose control characters are all escaped: JSON itself leaves those of eight bits as they are. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

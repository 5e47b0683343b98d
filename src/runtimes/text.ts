/** The maximal length of a message, a warning, or a reason, in characters. */
export const LONGEST_MESSAGE = 500;

/** Text of another program as one line. Of longer text the end is kept, where the cause usually is. */
export function cutStart(text: string, longest = LONGEST_MESSAGE): string {
  const line = oneLine(text, 4 * longest);
  const characters = [...line];
  return characters.length <= longest ? line : `…${characters.slice(1 - longest).join('')}`;
}

/** Text of which the beginning is kept. */
export function cutEnd(text: string, longest = LONGEST_MESSAGE): string {
  const characters = [...Buffer.from(text.slice(0, 2 * longest)).toString()];
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}

/** Reads no more of a long text than may be kept. */
function oneLine(text: string, longest: number): string {
  return Buffer.from(text.slice(-longest)).toString().trim().replaceAll(/\s+/g, ' ');
}

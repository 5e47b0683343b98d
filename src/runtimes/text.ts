/** The longest that a message, a warning, or a reason may be, in characters. */
export const LONGEST_MESSAGE = 500;

/** Text from elsewhere as one line of at most so many characters. Of longer text the end is kept, where what went wrong stands as a rule. */
export function cutStart(text: string, longest = LONGEST_MESSAGE): string {
  const line = oneLine(text, 4 * longest);
  const characters = [...line];
  return characters.length <= longest ? line : `…${characters.slice(1 - longest).join('')}`;
}

/** The same, of which the beginning is kept. */
export function cutEnd(text: string, longest = LONGEST_MESSAGE): string {
  const characters = [...Buffer.from(text.slice(0, 2 * longest)).toString()];
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest - 1).join('')}…`;
}

/** Without looking at more of a long text than may be kept. */
function oneLine(text: string, most: number): string {
  return Buffer.from(text.slice(-most)).toString().trim().replaceAll(/\s+/g, ' ');
}

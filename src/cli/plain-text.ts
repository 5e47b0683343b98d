/**
 * Text that came from others, such as a reason, without what would move the cursor or repaint the terminal of who reads it.
 * Line ends stay.
 */
export function toPlainText(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, '\ufffd');
}

import type { Output } from '../context';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** Lines that are drawn over and over in the same place of a terminal. */
export interface LiveScreen {
  draw(lines: string[]): void;
  /** Leaves the last lines where they are and gives the cursor back. Safe twice. */
  end(): void;
}

/** Draws through standard output; the cursor is hidden from the first drawing to the end, since it would jump. */
export function createLiveScreen(out: Output): LiveScreen {
  let height = 0;
  let isHidden = false;
  return {
    draw(lines) {
      // A line that wrapped would take two rows, and the way back up would fall short.
      const fitting = lines.map((line) =>
        [...line.replaceAll('\n', ' ')].slice(0, Math.max(1, (out.columns() ?? 80) - 1)).join(''),
      );
      const back = height > 0 ? `\u001b[${height}A\u001b[0J` : '';
      out.write(`${isHidden ? '' : HIDE_CURSOR}${back}${fitting.join('\n')}\n`);
      height = fitting.length;
      isHidden = true;
    },
    end() {
      if (isHidden) out.write(SHOW_CURSOR);
      isHidden = false;
      height = 0;
    },
  };
}

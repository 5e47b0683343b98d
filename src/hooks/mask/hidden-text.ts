const HIDDEN = '***';

/** A part of the text to be hidden. */
interface Span {
  from: number;
  to: number;
  /** Line breaks are hidden too; else each line has its own sign. */
  wholeLines: boolean;
}

/** Text on its way out, of which parts are still being hidden. Positions count from its beginning. */
export interface HiddenText {
  /** Holds the next part. */
  hold(part: string): void;
  /** Hides a part that is held; what has been released is left out. */
  hide(span: Span): void;
  /** Returns the text up to a position, with a sign for each run of hidden characters. */
  release(upTo: number): string;
}

/** Hidden parts may overlap, and come in any order. */
export function createHiddenText(): HiddenText {
  let released = 0;
  let end = 0;
  let parts: string[] = [];
  let spans: Span[] = [];
  // The last character that was released was hidden: the sign stands there already.
  const sign = { isShown: false };
  return {
    hold(part) {
      parts.push(part);
      end += part.length;
    },
    hide(span) {
      let { from, to } = span;
      // A value is found by its pieces, and at many places: what meets is one span.
      for (let last = spans.at(-1); last && meets(last, { ...span, from, to }); last = spans.at(-1)) {
        from = Math.min(from, last.from);
        to = Math.max(to, last.to);
        spans.pop();
      }
      if (to > released) spans.push({ ...span, from, to });
    },
    release(upTo) {
      if (upTo <= released) return '';
      const text = parts.join('');
      const here = spans
        .filter(({ from }) => from < upTo)
        .map((span) => ({ ...span, from: Math.max(span.from, released), to: Math.min(span.to, upTo) }))
        .sort((a, b) => a.from - b.from || Number(b.wholeLines) - Number(a.wholeLines));
      const shown = render(text, released, { spans: here, upTo, sign });
      spans = spans.filter(({ to }) => to > upTo);
      parts = upTo < end ? [text.slice(upTo - released)] : [];
      released = upTo;
      return shown;
    },
  };
}

function meets(a: Span, b: Span): boolean {
  return a.wholeLines === b.wholeLines && a.from <= b.to && b.from <= a.to;
}

/** Replaces the spans of a text that begins at position `base`. */
function render(
  text: string,
  base: number,
  { spans, upTo, sign }: { spans: Span[]; upTo: number; sign: { isShown: boolean } },
): string {
  const shown: string[] = [];
  let at = base;
  const hide = (part: string) => {
    if (part !== '' && !sign.isShown) shown.push(HIDDEN);
    sign.isShown ||= part !== '';
  };
  const show = (part: string) => {
    shown.push(part);
    if (part !== '') sign.isShown = false;
  };
  for (const { from, to, wholeLines } of spans) {
    if (to <= at) continue;
    if (from > at) show(text.slice(at - base, from - base));
    const part = text.slice(Math.max(at, from) - base, to - base);
    if (wholeLines) hide(part);
    else for (const [index, piece] of part.split(/([\r\n]+)/).entries()) (index % 2 === 0 ? hide : show)(piece);
    at = to;
  }
  if (at < upTo) show(text.slice(at - base, upTo - base));
  return shown.join('');
}

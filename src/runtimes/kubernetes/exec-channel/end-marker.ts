import { randomBytes } from 'node:crypto';
import { createOutputTail } from './output-tail';

/**
 * The mark that a command puts at the end of its streams. The API server's own word on how a command ended is not taken: when the
 * kubelet dies it says success, with the output cut, while the command still runs.
 */
export interface Marker {
  /** In two parts, so that the script that prints it does not hold it. */
  parts: [string, string];
  text: string;
}

export function createMarker(): Marker {
  const [one, two] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')];
  return { parts: [one, two], text: one + two };
}

/** What a marked command waits for before it begins: its line is open by then, and may turn out to lead to another place. */
export const GO = '\n';

/**
 * The words that run a command, once it was told to go, and mark its end on both streams. What the command is given is counted out
 * to it, since not every server can close its input.
 */
export function markedCommand(marker: Marker, { argv, stdinBytes }: { argv: string[]; stdinBytes: number }): string[] {
  const body = `{ ${runAndMark(marker)}; }`;
  const script = stdinBytes === 0 ? `${body} </dev/null` : `head -c ${stdinBytes} 2>/dev/null | ${body}`;
  return inShell(`${AWAIT_GO}; ${script}`, argv);
}

/** The same for a command whose input goes on for as long as it likes. */
export const streamedCommand = (marker: Marker, argv: string[]): string[] => inShell(runAndMark(marker), argv);

/** A shell reads a line byte by byte, so that what follows is left; in one of its own, so that no variable is. */
const AWAIT_GO = '(read -r go) || exit';
const KEEP_SIGNALS = 'trap : HUP INT QUIT TERM';
const inShell = (script: string, argv: string[]): string[] => ['sh', '-c', `${KEEP_SIGNALS}; ${script}`, 'sh', ...argv];
const mark = ({ parts: [one, two] }: Marker): string => `printf '%s%s:%s;' ${one} ${two} "$code"`;

/** The shell says on standard error how a command was killed; only what the command says itself may stand there. */
const runAndMark = (marker: Marker): string =>
  `${KEEP_SIGNALS}; { (exec 2>&3 3>&-; exec "$@"); code=$?; } 3>&2 2>/dev/null; ${mark(marker)} >&2; ${mark(marker)}`;

/** One stream: its last bytes, and the mark once it came. */
export interface MarkedStream {
  push(data: Buffer): void;
  /** The exit code, once the mark is there. */
  exitCode(): number | null;
  content(): Buffer;
}

const LONGEST_MARK = 64;

/** Keeps so many bytes and the mark. Takes time that grows with what came, not with how many pieces it came in. */
export function readMarked({ text }: Marker, keepBytes: number): MarkedStream {
  const tail = createOutputTail(keepBytes + LONGEST_MARK);
  let window = '';
  let end: { exitCode: number; markBytes: number } | null = null;
  return {
    push(data) {
      if (end !== null) return;
      // The mark is the last thing that comes, and may come in pieces.
      window = window.slice(-LONGEST_MARK) + data.toString('latin1');
      const at = window.indexOf(text);
      const code = at < 0 ? undefined : /^:(\d{1,3});/.exec(window.slice(at + text.length, at + LONGEST_MARK))?.[1];
      if (code === undefined) return tail.push(data);
      const markBytes = text.length + code.length + 2;
      tail.push(data.subarray(0, data.length - (window.length - at - markBytes)));
      end = { exitCode: Number(code), markBytes };
    },
    exitCode: () => end?.exitCode ?? null,
    content() {
      const all = tail.content();
      return all.subarray(0, all.length - (end?.markBytes ?? 0)).subarray(-keepBytes);
    },
  };
}

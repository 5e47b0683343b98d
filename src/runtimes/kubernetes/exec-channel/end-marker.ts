import { randomBytes } from 'node:crypto';
import { quote } from '../../../hooks/shell/quote';
import { createOutputTail } from './output-tail';

/**
 * The marker that a command prints at the end of its streams. The API server's own status is not enough: when the kubelet dies it
 * reports success, with the output cut, while the command still runs.
 */
export interface Marker {
  /** In two parts, so that the text of the script does not contain the marker. */
  parts: [string, string];
  text: string;
}

/** A random marker, which no output contains by chance. */
export function createMarker(): Marker {
  const [one, two] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')];
  return { parts: [one, two], text: one + two };
}

/** The line that starts a marked command: the connection is open by then, and the pod behind it was checked. */
export const GO = '\n';

/**
 * The arguments that run a command once `GO` was sent, and mark its end on both streams. The input is limited by its length, since not
 * every server can close it.
 */
export function markedCommand(marker: Marker, { argv, stdinBytes }: { argv: string[]; stdinBytes: number }): string[] {
  const body = `{ ${runAndMark(marker)}; }`;
  const script = stdinBytes === 0 ? `${body} </dev/null` : `head -c ${stdinBytes} 2>/dev/null | ${body}`;
  return inShell(`${AWAIT_GO}; ${script}`, argv);
}

/** The same without `GO`, for input of any length. */
export const streamedCommand = (marker: Marker, argv: string[]): string[] => inShell(runAndMark(marker), argv);

/** A shell that runs commands one after another. */
export interface SessionShell {
  argv: string[];
  /** The line that runs a command and marks its end; the command's input has to follow. */
  line(marker: Marker, command: { argv: string[]; stdinBytes: number }): string;
}

/**
 * Each line begins with a random word, so that input which a command did not read, as where its reader was killed, is never run: it ends
 * the shell. So does a line that is cut off. The line is a parameter, as the workspace may use the name of any variable.
 */
export function createSessionShell(): SessionShell {
  const word = randomBytes(8).toString('hex');
  const run = `case "$1" in ${word}*) eval "\${1#${word}}" ;; *) exit ;; esac`;
  return {
    argv: inShell(`while set -- "$(${READ_LINE})"; do ${run}; done`, []),
    line: (marker, command) => `${word}${sessionLine(marker, command)}`,
  };
}

/** The line that ends a session. */
export const SESSION_END = '\n';

/** Whether arguments fit in a line. */
export const fitsLine = (argv: string[]): boolean => !argv.some((word) => word.includes('\n'));

const READ_LINE = `IFS= read -r line && printf '%s' "$line"`;

/** The rest of an input that the command did not read is dropped before the mark, since it would be taken for the next line. */
function sessionLine(marker: Marker, { argv, stdinBytes }: { argv: string[]; stdinBytes: number }): string {
  const script =
    stdinBytes === 0
      ? `{ ${runAndMark(marker)}; } </dev/null`
      : `head -c ${stdinBytes} 2>/dev/null | { ${runAndMark(marker, 'cat >/dev/null 2>&1; ')}; }`;
  return `(set -- ${argv.map(quote).join(' ')}; ${script})\n`;
}

/** `read` takes byte by byte, and so nothing of the input; a subshell, so that it leaves no variable. */
const AWAIT_GO = '(read -r go) || exit';
const KEEP_SIGNALS = 'trap : HUP INT QUIT TERM';
const inShell = (script: string, argv: string[]): string[] => ['sh', '-c', `${KEEP_SIGNALS}; ${script}`, 'sh', ...argv];
const mark = ({ parts: [one, two] }: Marker): string => `printf '%s%s:%s;' ${one} ${two} "$code"`;

/** The shell reports a killed command on standard error, where only the command's own output belongs. */
const runAndMark = (marker: Marker, before = ''): string =>
  `${KEEP_SIGNALS}; { (exec 2>&3 3>&-; exec "$@"); code=$?; } 3>&2 2>/dev/null; ${before}${mark(marker)} >&2; ${mark(marker)}`;

/** One stream: its last bytes, and the marker once it was received. */
export interface MarkedStream {
  push(data: Buffer): void;
  /** Null before the marker. */
  exitCode(): number | null;
  content(): Buffer;
}

const LONGEST_MARK = 64;

/** Keeps the last bytes and the marker. Its time grows with the length of the stream, not with the number of its pieces. */
export function readMarked({ text }: Marker, keepBytes: number): MarkedStream {
  const tail = createOutputTail(keepBytes + LONGEST_MARK);
  let window = '';
  let end: { exitCode: number; markBytes: number } | null = null;
  return {
    push(data) {
      if (end !== null) return;
      // The marker is the end of the stream, and may arrive in pieces.
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

import { randomBytes } from 'node:crypto';

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

/** One stream: its last bytes, and the mark once it came. Memory is bounded by about twice what is kept. */
export interface MarkedStream {
  push(data: Buffer): void;
  /** The exit code, once the mark is there. */
  exitCode(): number | null;
  content(): Buffer;
}

const LONGEST_MARK = 64;

export function readMarked({ text }: Marker, keepBytes: number): MarkedStream {
  let held = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let size = 0;
  let exitCode: number | null = null;
  const settle = () => {
    held = Buffer.concat([held, ...parts]);
    parts = [];
    size = 0;
  };
  return {
    push(data) {
      if (exitCode !== null) return;
      parts.push(data);
      size += data.length;
      // The mark is looked for at the end only: it is the last thing that comes.
      const end = Buffer.concat([held.subarray(-LONGEST_MARK), ...parts])
        .subarray(-LONGEST_MARK - data.length)
        .toString('latin1');
      const at = end.indexOf(text);
      const found = at < 0 ? null : /^:(\d+);/.exec(end.slice(at + text.length));
      if (found === null && size < keepBytes) return;
      settle();
      if (found !== null) {
        exitCode = Number(found[1]);
        held = held.subarray(0, held.indexOf(text, 0, 'latin1'));
      }
      if (held.length > keepBytes + LONGEST_MARK) held = Buffer.from(held.subarray(-keepBytes - LONGEST_MARK));
    },
    exitCode: () => exitCode,
    content: () => {
      settle();
      return held.subarray(-keepBytes);
    },
  };
}

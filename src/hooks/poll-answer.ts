/** Parses the answer of a poll. Any process in the pod may have written any of it, so all of it is bounded, checked, and linear. */

const STATES = ['starting', 'running', 'ended', 'lost', 'refused', 'unreadable'] as const;

/** How much of the end of the output a poll sends at most. */
const MAX_OUTPUT_BYTES = { running: 4_096, over: 65_536 };
/** A step reports a handful of facts. */
const MAX_FACTS = 100;
const MAX_TEXT_CHARS = 1_000;
/** Three hundred years. */
const MAX_CENTISECONDS = 1e12;

/** The status of a run, as one poll found it. */
export interface HookPoll {
  /** `lost`: the runner is gone and left no exit code; `refused`: no folder for the run could be made; `unreadable`: no valid answer. */
  state: (typeof STATES)[number];
  /** Of the hook's main process, as a shell reports it: above 128 for signals. Null before its end. */
  exitCode: number | null;
  /** True when the runner ended the hook at its time limit. */
  limitReached: boolean;
  /** How long the hook has run, in milliseconds; 0 when not known. */
  ranMs: number;
  /** Why a run is refused, does not begin, or gave no answer; empty when not known. */
  reason: string;
  /** The lines that the hook's script reported, in their order: at most 100. */
  report: { kind: string; text: string }[];
  /** The end of its output; `cut` when there was more. */
  output: { text: string; cut: boolean };
}

/** An answer is lines of a keyword and a value; after the line `output` follows the output itself. */
export function parsePollAnswer(stdout: string, describeFailure: () => string): HookPoll {
  const poll: HookPoll = { ...NOTHING_KNOWN, report: [] };
  let at = 0;
  while (at < stdout.length) {
    const found = stdout.indexOf('\n', at);
    const lineEnd = found < 0 ? stdout.length : found;
    const [keyword, value] = splitOnce(stdout.slice(at, Math.min(lineEnd, at + MAX_TEXT_CHARS)), ' ');
    at = lineEnd + 1;
    if (keyword === 'output') {
      poll.output = readOutput(poll, stdout.slice(at), value);
      break;
    }
    takeFact(poll, keyword, value);
  }
  const answered = poll.state !== 'unreadable' && (poll.state !== 'ended' || poll.exitCode !== null);
  return answered ? poll : { ...NOTHING_KNOWN, reason: describeFailure() };
}

const NOTHING_KNOWN: HookPoll = {
  state: 'unreadable',
  exitCode: null,
  limitReached: false,
  ranMs: 0,
  reason: '',
  report: [],
  output: { text: '', cut: false },
};

function readOutput({ state }: HookPoll, text: string, size: string): HookPoll['output'] {
  const limit = state === 'running' ? MAX_OUTPUT_BYTES.running : MAX_OUTPUT_BYTES.over;
  // One byte becomes at most one character.
  const kept = text.slice(-limit);
  return { text: kept, cut: kept.length < text.length || (readNumber(size, Number.MAX_SAFE_INTEGER) ?? 0) > limit };
}

function takeFact(poll: HookPoll, keyword: string, value: string): void {
  switch (keyword) {
    case 'state':
      poll.state = STATES.find((state) => state === value) ?? 'unreadable';
      break;
    case 'exit':
      poll.exitCode = readNumber(value, 255);
      break;
    case 'ran':
      poll.ranMs = (readNumber(value, MAX_CENTISECONDS) ?? 0) * 10;
      break;
    case 'reason':
      poll.reason = value;
      break;
    case 'report':
      takeReport(poll, value);
      break;
  }
}

function takeReport(poll: HookPoll, line: string): void {
  const [kind, text] = splitOnce(line, ': ');
  if (kind === 'limit') poll.limitReached = true;
  else if (poll.report.length < MAX_FACTS) poll.report.push({ kind, text });
}

function readNumber(text: string, max: number): number | null {
  return /^\d{1,15}$/.test(text.trim()) && Number(text) <= max ? Number(text) : null;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

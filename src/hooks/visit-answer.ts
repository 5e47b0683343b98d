/** Reads what came out of a pod. Whoever lives there may have written any of it, so all of it is bounded, checked, and linear. */

const STATES = ['starting', 'running', 'ended', 'lost', 'refused', 'unreadable'] as const;

/** What a visit sends of the output's end, at most; what has more is cut. */
const MAX_OUTPUT_BYTES = { running: 4_096, over: 65_536 };
/** A step says a handful of things. */
const MAX_FACTS = 100;
const MAX_TEXT_CHARS = 1_000;
/** Three hundred years. */
const MAX_CENTISECONDS = 1e12;

/** What one look at a run found. */
export interface Visit {
  /** `lost`: the runner is gone and left no exit code; `refused`: the run has no place; `unreadable`: no proper answer. */
  state: (typeof STATES)[number];
  /** Of the hook's main process, as a shell tells it: 128 and above for signals. Null before its end. */
  exitCode: number | null;
  /** True when the runner ended the hook at its time limit. */
  limitReached: boolean;
  ranMs: number;
  /** Why a run is refused, does not begin, or gave no answer; empty when there is nothing to say. */
  reason: string;
  /** What the hook's script noted, in its order: at most 100 lines. */
  report: { kind: string; text: string }[];
  /** The end of what it wrote; `cut` when there was more. */
  output: { text: string; cut: boolean };
}

/** Lines of a keyword and its value, up to the one that says that all the rest is output. */
export function parseVisit(stdout: string, describeFailure: () => string): Visit {
  const visit: Visit = { ...NOTHING_KNOWN, report: [] };
  let at = 0;
  while (at < stdout.length) {
    const found = stdout.indexOf('\n', at);
    const lineEnd = found < 0 ? stdout.length : found;
    const [keyword, value] = splitOnce(stdout.slice(at, Math.min(lineEnd, at + MAX_TEXT_CHARS)), ' ');
    at = lineEnd + 1;
    if (keyword === 'output') {
      visit.output = readOutput(visit, stdout.slice(at), value);
      break;
    }
    takeFact(visit, keyword, value);
  }
  const answered = visit.state !== 'unreadable' && (visit.state !== 'ended' || visit.exitCode !== null);
  return answered ? visit : { ...NOTHING_KNOWN, reason: describeFailure() };
}

const NOTHING_KNOWN: Visit = {
  state: 'unreadable',
  exitCode: null,
  limitReached: false,
  ranMs: 0,
  reason: '',
  report: [],
  output: { text: '', cut: false },
};

function readOutput({ state }: Visit, text: string, size: string): Visit['output'] {
  const limit = state === 'running' ? MAX_OUTPUT_BYTES.running : MAX_OUTPUT_BYTES.over;
  // No byte becomes more than one character.
  const kept = text.slice(-limit);
  return { text: kept, cut: kept.length < text.length || (readNumber(size, Number.MAX_SAFE_INTEGER) ?? 0) > limit };
}

function takeFact(visit: Visit, keyword: string, value: string): void {
  switch (keyword) {
    case 'state':
      visit.state = STATES.find((state) => state === value) ?? 'unreadable';
      break;
    case 'exit':
      visit.exitCode = readNumber(value, 255);
      break;
    case 'ran':
      visit.ranMs = (readNumber(value, MAX_CENTISECONDS) ?? 0) * 10;
      break;
    case 'reason':
      visit.reason = value;
      break;
    case 'report':
      takeReport(visit, value);
      break;
  }
}

function takeReport(visit: Visit, line: string): void {
  const [kind, text] = splitOnce(line, ': ');
  if (kind === 'limit') visit.limitReached = true;
  else if (visit.report.length < MAX_FACTS) visit.report.push({ kind, text });
}

function readNumber(text: string, max: number): number | null {
  return /^\d{1,15}$/.test(text.trim()) && Number(text) <= max ? Number(text) : null;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

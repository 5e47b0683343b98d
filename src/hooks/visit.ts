import { CONFIGURE } from './configure-script';
import type { Exec, HookSpec, HookStep } from './hook';
import { PERSONALIZE } from './personalize-script';
import { visitScript } from './visit-script';

/** How long one visit waits in the pod for the hook's end. It bounds how old the last output line is that people are shown. */
const PATIENCE_MS = 2_000;

const SCRIPTS: Record<HookStep, string> = {
  configure: visitScript(CONFIGURE),
  personalize: visitScript(PERSONALIZE),
};

/** How much of the output's end is looked at; a visit sends one byte more when there is more. */
const MAX_OUTPUT_BYTES = 65_536;

const STATES = ['starting', 'running', 'ended', 'lost', 'refused', 'unreadable'] as const;

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
  /** What the hook's script noted, in its order. */
  report: { kind: string; text: string }[];
  output: { text: string; cut: boolean };
}

/** Starts the run if it has not begun in this pod, waits a few seconds for its end, and tells how it stands. */
export async function visitRun(exec: Exec, spec: HookSpec): Promise<Visit> {
  const { exitCode, stdout, stderr } = await exec({
    argv: ['sh', '-s', '--', ...listArguments(spec)],
    stdin: SCRIPTS[spec.step],
  });
  const visit = parseVisit(stdout);
  const said = stderr.trim().split('\n').at(-1) ?? '';
  return visit ?? { ...NOTHING_KNOWN, reason: `sh ended with exit code ${exitCode}${said === '' ? '' : `: ${said}`}` };
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

/** No argument is ever empty, as not every way into a pod passes on empty ones. */
function listArguments({ step, build, timeoutMs, dotfiles }: HookSpec): string[] {
  const common = [step, String(build), String(Math.ceil(timeoutMs / 10)), String(PATIENCE_MS / 10)];
  return step === 'configure' ? common : [...common, `uri=${dotfiles?.uri ?? ''}`, `ref=${dotfiles?.ref ?? ''}`];
}

/** Lines of a keyword and its value, up to the one that says that all the rest is output. */
function parseVisit(stdout: string): Visit | null {
  const visit: Visit = { ...NOTHING_KNOWN, report: [] };
  let rest = stdout;
  while (rest !== '') {
    const lineEnd = rest.indexOf('\n');
    const [line, after] = lineEnd < 0 ? [rest, ''] : [rest.slice(0, lineEnd), rest.slice(lineEnd + 1)];
    const [keyword = '', value = ''] = splitOnce(line, ' ');
    if (keyword === 'output') {
      visit.output = { text: after, cut: Buffer.byteLength(after) > MAX_OUTPUT_BYTES };
      break;
    }
    takeFact(visit, keyword, value);
    rest = after;
  }
  const answered = visit.state !== 'unreadable' && (visit.state !== 'ended' || visit.exitCode !== null);
  return answered ? visit : null;
}

function takeFact(visit: Visit, keyword: string, value: string): void {
  switch (keyword) {
    case 'state':
      visit.state = STATES.find((state) => state === value) ?? 'unreadable';
      break;
    case 'exit':
      visit.exitCode = /^\d+$/.test(value) ? Number(value) : null;
      break;
    case 'limit':
      visit.limitReached = true;
      break;
    case 'ran':
      visit.ranMs = Number(value) * 10;
      break;
    case 'reason':
      visit.reason = value;
      break;
    case 'report': {
      const [kind = '', text = ''] = splitOnce(value, ': ');
      visit.report.push({ kind, text });
      break;
    }
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

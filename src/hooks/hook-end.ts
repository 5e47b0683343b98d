import { constants } from 'node:os';
import { formatDuration } from '../contract/duration';
import type { HookResult, HookSpec } from './hook';
import { cleanSentence, cutText, lastLines } from './last-lines';
import type { Visit } from './visit-answer';

/** A step has a handful; what a hook makes of its report must not fill the workspace's state. */
const MAX_WARNINGS = 10;
const MAX_MESSAGE_CHARS = 1_000;

/** Turns the last look at a run into the step's result; whatever went wrong is a warning. */
export function describeEnd(spec: HookSpec, visit: Visit): HookResult {
  const warnings = limitCount([...describeTrouble(spec, visit), ...visit.report.flatMap(describeFact)].map(cleanSentence));
  const sayings = (kind: string) => visit.report.filter((fact) => fact.kind === kind).map((fact) => cleanSentence(fact.text));
  const common = { warnings, lastLines: lastLines(visit.output.text, visit.output) };
  if (warnings.length > 0) return { state: 'warning', message: joinSentences([...warnings, ...sayings('moved')]), ...common };
  const skipped = sayings('skipped')[0];
  if (skipped !== undefined) return { state: 'skipped', message: skipped, ...common };
  return { state: 'done', message: joinSentences([...sayings('did'), ...sayings('moved')]) || null, ...common };
}

function limitCount(sentences: string[]): string[] {
  if (sentences.length <= MAX_WARNINGS) return sentences;
  return [...sentences.slice(0, MAX_WARNINGS - 1), `and ${sentences.length - MAX_WARNINGS + 1} more`];
}

function joinSentences(sentences: string[]): string {
  return cutText(sentences.join('; '), MAX_MESSAGE_CHARS);
}

/** Says what runs, for how long, and the last line it wrote. */
export function describeWaiting(spec: HookSpec, visit: Visit): string {
  if (visit.state !== 'running') return `${spec.step} to begin${visit.reason === '' ? '' : `: ${cleanSentence(visit.reason)}`}`;
  const seconds = Math.floor(visit.ranMs / 1_000);
  const line = lastLines(visit.output.text, visit.output).at(-1);
  const nothing = visit.output.text === '' ? 'it has written nothing yet' : 'it has written no line yet that can be shown';
  const saying = line === undefined ? nothing : `its last line is: ${line}`;
  return `${spec.step}, which has run for ${seconds} s of at most ${formatDuration(spec.timeoutMs)}; ${saying}`;
}

function describeTrouble(spec: HookSpec, visit: Visit): string[] {
  if (visit.limitReached) return [`${spec.step} ran past its time limit of ${formatDuration(spec.timeoutMs)} and was ended`];
  const because = visit.reason === '' ? '' : `: ${visit.reason}`;
  switch (visit.state) {
    case 'lost':
      return [`${spec.step} ended without telling how; it is not run a second time in the same pod`];
    case 'refused':
    case 'unreadable':
      return [`${spec.step} could not be run${because}`];
    case 'starting':
      return [`${spec.step} did not begin${because}`];
    default:
      return describeExit(spec.step, visit.exitCode ?? 0);
  }
}

function describeFact({ kind, text }: { kind: string; text: string }): string[] {
  if (kind === 'warning') return [text];
  if (kind !== 'ended') return [];
  const [, code, name] = /^(\d{1,3}) (.*)$/s.exec(text) ?? [];
  return code === undefined || name === undefined ? [] : describeExit(name, Number(code));
}

/** A shell tells a signal as 128 and its number, which a program could also return by itself; hence both are named. */
function describeExit(name: string, code: number): string[] {
  if (code === 0) return [];
  const signal = Object.entries(constants.signals).find(([, number]) => number + 128 === code)?.[0];
  return [signal === undefined ? `${name} ended with exit code ${code}` : `${name} was ended by ${signal} (exit code ${code})`];
}

import { constants } from 'node:os';
import { formatDuration } from '../contract/duration';
import type { HookResult, HookSpec } from './hook';
import { cleanSentence, cutText, lastLines } from './last-lines';
import type { MaskValues } from './mask';
import type { HookPoll } from './poll-answer';

/** A step has a handful; a report that a hook has filled must not fill the workspace's state. */
const MAX_WARNINGS = 10;
const MAX_MESSAGE_CHARS = 1_000;

/** Turns the last poll of a run into the step's result; every fault is a warning. */
export function describeEnd(spec: HookSpec, poll: HookPoll, secrets: MaskValues = []): HookResult {
  const clean = (text: string) => cleanSentence(text, secrets);
  const warnings = limitCount([...describeFault(spec, poll), ...poll.report.flatMap(describeFact)].map(clean));
  const textsOf = (kind: string) => poll.report.filter((fact) => fact.kind === kind).map((fact) => clean(fact.text));
  const common = { warnings, lastLines: lastLines(poll.output.text, { ...poll.output, secrets }) };
  if (warnings.length > 0) return { state: 'warning', message: joinSentences([...warnings, ...textsOf('moved')]), ...common };
  const skipped = textsOf('skipped')[0];
  if (skipped !== undefined) return { state: 'skipped', message: skipped, ...common };
  return { state: 'done', message: joinSentences([...textsOf('did'), ...textsOf('moved')]) || null, ...common };
}

function limitCount(sentences: string[]): string[] {
  if (sentences.length <= MAX_WARNINGS) return sentences;
  return [...sentences.slice(0, MAX_WARNINGS - 1), `and ${sentences.length - MAX_WARNINGS + 1} more`];
}

function joinSentences(sentences: string[]): string {
  return cutText(sentences.join('; '), MAX_MESSAGE_CHARS);
}

/** Names what runs, for how long, and the last line it wrote. */
export function describeWaiting(spec: HookSpec, poll: HookPoll, secrets: MaskValues = []): string {
  const reason = poll.reason === '' ? '' : `: ${cleanSentence(poll.reason, secrets)}`;
  if (poll.state !== 'running') return `${spec.step} to begin${reason}`;
  const seconds = Math.floor(poll.ranMs / 1_000);
  const line = lastLines(poll.output.text, { ...poll.output, secrets }).at(-1);
  const nothing = poll.output.text === '' ? 'it has written nothing yet' : 'it has written no line yet that can be shown';
  const lastLine = line === undefined ? nothing : `its last line is: ${line}`;
  return `${spec.step}, which has run for ${seconds} s of at most ${formatDuration(spec.timeoutMs)}; ${lastLine}`;
}

function describeFault(spec: HookSpec, poll: HookPoll): string[] {
  if (poll.limitReached) return [`${spec.step} ran past its time limit of ${formatDuration(spec.timeoutMs)} and was ended`];
  const because = poll.reason === '' ? '' : `: ${poll.reason}`;
  switch (poll.state) {
    case 'lost':
      return [`${spec.step} ended without an exit code; it is not run a second time in the same pod`];
    case 'refused':
    case 'unreadable':
      return [`${spec.step} could not be run${because}`];
    case 'starting':
      return [`${spec.step} did not begin${because}`];
    default:
      return describeExit(spec.step, poll.exitCode ?? 0);
  }
}

function describeFact({ kind, text }: { kind: string; text: string }): string[] {
  if (kind === 'warning') return [text];
  if (kind !== 'ended') return [];
  const [, code, name] = /^(\d{1,3}) (.*)$/s.exec(text) ?? [];
  return code === undefined || name === undefined ? [] : describeExit(name, Number(code));
}

/** A shell reports a signal as 128 and its number, which a program could also return itself; so both are named. */
function describeExit(name: string, code: number): string[] {
  if (code === 0) return [];
  const signal = Object.entries(constants.signals).find(([, number]) => number + 128 === code)?.[0];
  return [signal === undefined ? `${name} ended with exit code ${code}` : `${name} was ended by ${signal} (exit code ${code})`];
}

import type { ExplainView, HistoryEntry } from '../../contract/payloads';
import { formatTable } from './tables';
import { formatInstant } from './times';

/** Why a workspace is as it is, what comes next, and its history. */
export function formatExplanation({ why, next, wouldChange, history }: ExplainView, now: number): string {
  const events = next.map(({ at, what, because }) => ['', formatInstant(at, now), what, because]);
  return [
    why,
    section('Next', events.length > 0 ? formatTable(events) : '  nothing'),
    section('What would change that', wouldChange.map((sentence) => `  ${sentence}`).join('\n')),
    section('History', formatTable(history.map(formatEntry))),
  ]
    .filter((part) => part !== null)
    .join('\n\n');
}

function section(title: string, body: string): string | null {
  return body === '' ? null : `${title}\n${body}`;
}

function formatEntry({ at, from, to, cause, by, rule, evidence }: HistoryEntry): string[] {
  const facts = [rule, evidence].filter((fact) => fact !== null).join('; ');
  return ['', at, `${from} -> ${to}`, cause, by === null ? '-' : `by ${by}`, facts];
}

import type { Command } from 'commander';
import type { ExplainView, HistoryEntry } from '../../contract/payloads';
import type { CliContext } from '../context';
import type { WorkspaceName } from '../input/arguments';
import { workspaceCommand } from '../input/workspace-command';
import { formatTable } from '../output/tables';
import { formatInstant } from '../output/times';
import { answerOf, inSession } from '../session';

/** `perennial explain`. It only asks, as `status` does. */
export function explainCommand(context: CliContext): Command {
  return workspaceCommand('explain')
    .addHelpText('after', '\nExample:\n  perennial explain ada/dev')
    .action(({ owner, name }: WorkspaceName, _options: object, command: Command) =>
      inSession({ context, command, throughGateway: true }, async (session) => {
        const explanation = await answerOf(session, session.client.workspace(owner, name).explain());
        session.print({ json: explanation, text: formatExplanation(explanation, context.now()) });
      }),
    );
}

function formatExplanation({ why, next, wouldChange, history }: ExplainView, now: number): string {
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

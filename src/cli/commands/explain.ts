import type { Command } from 'commander';
import { formatExplanation } from '../../client/pages/explain-page';
import type { CliContext } from '../context';
import type { WorkspaceName } from '../input/arguments';
import { workspaceCommand } from '../input/workspace-command';
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

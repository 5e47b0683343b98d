import type { Command } from 'commander';
import { formatStatus } from '../../client/pages/status-page';
import type { StatusView } from '../../contract/payloads';
import type { CliContext } from '../context';
import type { WorkspaceName } from '../input/arguments';
import { workspaceCommand } from '../input/workspace-command';
import { answerOf, inSession } from '../session';

/** `perennial status`. It only asks, so looking at a workspace does not keep it running. */
export function statusCommand(context: CliContext): Command {
  return workspaceCommand('status')
    .addHelpText('after', '\nExample:\n  perennial status ada/dev --json')
    .action(({ owner, name }: WorkspaceName, _options: object, command: Command) =>
      inSession({ context, command, throughGateway: true }, async (session) => {
        const { client, json, print } = session;
        const handle = client.workspace(owner, name);
        const status: StatusView = await answerOf(session, handle.status());
        if (json) return print({ json: status, text: '' });
        // The status says how it is; only the explanation says why.
        const { why } = await handle.explain();
        // What the step under way waits for is known to the server alone.
        const pending = status.build && status.build.endedAt === null ? await answerOf(session, handle.pendingStep()) : null;
        print({ json: status, text: formatStatus({ status, why, pending, now: context.now() }) });
      }),
    );
}

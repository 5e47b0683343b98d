import type { Command } from 'commander';
import { formatInstant } from '../../client/pages/times';
import type { DeleteAnswer } from '../../contract/payloads';
import type { CliContext } from '../context';
import type { WorkspaceName } from '../input/arguments';
import { confirm } from '../input/confirmation';
import { addByOption } from '../input/settings';
import { workspaceCommand } from '../input/workspace-command';
import { describeOutcome } from '../output/answer';
import { answerOf, inSession } from '../session';

interface DeleteOptions {
  by?: string;
  purge?: true;
  yes?: true;
}

/** `perennial delete`. Only a purge is asked about: a plain delete can be taken back for as long as the policy keeps the home. */
export function deleteCommand(context: CliContext): Command {
  return addByOption(workspaceCommand('delete'))
    .option('--purge', 'remove the home immediately and permanently')
    .option('--yes', 'do not ask before a purge')
    .addHelpText('after', '\nExample:\n  perennial delete ada/dev')
    .action(async ({ owner, name }: WorkspaceName, { by, purge, yes }: DeleteOptions, command: Command) => {
      const question = `Remove the home of ${owner}/${name} permanently?`;
      // Asked before connecting: a connection should not stand open while the user decides.
      if (purge && !yes) await confirm({ context, command, question });
      await inSession({ context, command, throughGateway: true }, async (session) => {
        const handle = session.client.workspace(owner, name);
        const answer = await answerOf(session, handle.delete({ ...session.by(by), ...(purge && { purge }) }));
        const text = `${handle.workspace}: ${describeDelete(answer, context.now())}`;
        session.print({ json: { workspace: handle.workspace, ...answer }, text });
      });
    });
}

function describeDelete({ outcome, state, purgeAt }: DeleteAnswer, now: number): string {
  const purge = purgeAt === null ? '' : `; its home is purged at ${formatInstant(purgeAt, now)}`;
  return `${describeOutcome('delete', outcome)}; it is ${state}${purge}`;
}

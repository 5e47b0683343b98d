import { Command } from 'commander';
import { DEFAULT_ORGANIZATION } from '../../../contract/names';
import type { CliContext } from '../../context';
import { parseName } from '../../input/arguments';
import { addByOption } from '../../input/settings';
import { answerOf, inSession } from '../../session';

/** `perennial org suspend`: suspends an owner, or ends the suspension. */
export function orgSuspendCommand(context: CliContext): Command {
  return addByOption(new Command('suspend'))
    .description("stop an owner's workspaces and start them no more; their homes stay")
    .argument('<owner>', 'whose', parseName)
    .argument('[name]', 'the organization', parseName, DEFAULT_ORGANIZATION)
    .option('--undo', 'end the suspension; nothing starts by itself')
    .addHelpText('after', '\nExample:\n  perennial org suspend ada research\n  perennial org suspend ada research --undo')
    .action((owner: string, name: string, { by, undo }: { by?: string; undo?: true }, command: Command) =>
      inSession({ context, command }, async (session) => {
        const organization = session.client.organization(name);
        const present = await answerOf(session, organization.policy());
        const others = present.suspendedOwners.filter((other) => other !== owner);
        const isSuspended = undo !== true;
        const isChange = isSuspended === (others.length === present.suspendedOwners.length);
        const suspendedOwners = isSuspended ? [...others, owner] : others;
        const change = { suspendedOwners, ...session.by(by) };
        const { version } = isChange ? await answerOf(session, organization.setPolicy(change)) : present;
        session.print({
          json: { organization: name, owner, suspended: isSuspended, changed: isChange, version },
          text: `${owner} ${describe(isSuspended, isChange)} in ${name}, policy version ${version}${isChange ? consequence(isSuspended) : ''}`,
        });
      }),
    );
}

function describe(isSuspended: boolean, isChange: boolean): string {
  const adverb = isChange ? 'now ' : 'already ';
  return isSuspended ? `is ${adverb}suspended` : `is ${isChange ? 'no longer' : 'not'} suspended`;
}

const consequence = (isSuspended: boolean): string =>
  isSuspended ? '; workspaces that run stop within 60 s, and homes stay' : '; workspaces may be started again';

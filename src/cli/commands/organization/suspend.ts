import { Command } from 'commander';
import { DEFAULT_ORGANIZATION } from '../../../contract/names';
import type { Policy } from '../../../contract/policy';
import type { CliContext } from '../../context';
import { parseName } from '../../input/arguments';
import { addByOption } from '../../input/settings';
import { inSession } from '../../session';
import { editPolicy } from './edit-policy';

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
        const isSuspended = undo !== true;
        const change = ({ suspendedOwners }: Policy) => {
          if (suspendedOwners.includes(owner) === isSuspended) return null;
          const others = suspendedOwners.filter((other) => other !== owner);
          return { suspendedOwners: isSuspended ? [...others, owner] : others };
        };
        const { policy, isChanged } = await editPolicy(session, { name, by, change });
        const { version } = policy;
        session.print({
          json: { organization: name, owner, suspended: isSuspended, changed: isChanged, version },
          text: `${owner} ${describe(isSuspended, isChanged)} in ${name}, policy version ${version}${isChanged ? consequence(isSuspended) : ''}`,
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

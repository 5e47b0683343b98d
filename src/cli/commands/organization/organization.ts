/** The commands on organizations. */
import { Command } from 'commander';
import { DEFAULT_ORGANIZATION } from '../../../contract/names';
import type { CliContext } from '../../context';
import { parseName } from '../../input/arguments';
import type { PolicyFields } from '../../input/policy-change';
import { addChangeOptions, type ChangeOptions, readChange } from '../../input/policy-options';
import { addByOption } from '../../input/settings';
import { formatChanges, formatPolicy, formatUsage } from '../../output/policy-page';
import { answerOf, inSession } from '../../session';
import { orgImagesCommand } from './images';
import { orgPreviewCommand } from './preview';
import { orgSuspendCommand } from './suspend';

/** `perennial org`. Without a name it is about the organization that always exists. */
export function organizationCommand(context: CliContext): Command {
  return new Command('org')
    .addCommand(orgCreateCommand(context))
    .addCommand(orgShowCommand(context))
    .addCommand(orgSetCommand(context))
    .addCommand(orgPreviewCommand(context))
    .addCommand(orgImagesCommand(context))
    .addCommand(orgSuspendCommand(context));
}

function orgCreateCommand(context: CliContext): Command {
  return addChangeOptions(addByOption(new Command('create')).description('make an organization'))
    .argument('<name>', 'its name', parseName)
    .addHelpText('after', '\nExample:\n  perennial org create research --set autoOff.after=1h')
    .action((name: string, options: ChangeOptions, command: Command) =>
      inSession({ context, command }, async (session) => {
        const change = readChange(options);
        const input = { ...session.by(options.by), ...(Object.keys(change).length > 0 && { policy: change }) };
        const policy = await answerOf(session, session.client.organization(name).create(input));
        noteUnknownFields({ note: session.note, change, policy });
        session.print({ json: policy, text: formatPolicy(name, policy) });
      }),
    );
}

function orgShowCommand(context: CliContext): Command {
  return new Command('show')
    .description("show an organization's policy and its last changes")
    .argument('[name]', 'its name', parseName, DEFAULT_ORGANIZATION)
    .option('--usage', 'show what runs and what is kept, for each owner')
    .addHelpText('after', '\nExample:\n  perennial org show research --usage')
    .action((name: string, { usage }: { usage?: true }, command: Command) =>
      inSession({ context, command }, async ({ client, print }) => {
        const handle = client.organization(name);
        if (usage) {
          const view = await handle.usage();
          return print({ json: view, text: formatUsage(view) });
        }
        const { changes, ...policy } = await handle.policy();
        const text = [formatPolicy(name, policy), formatChanges(changes)].filter(Boolean).join('\n\n');
        print({ json: { ...policy, changes }, text });
      }),
    );
}

function orgSetCommand(context: CliContext): Command {
  return addChangeOptions(
    addByOption(new Command('set')).description("change an organization's policy; its workspaces follow within seconds"),
  )
    .argument('[name]', 'its name', parseName, DEFAULT_ORGANIZATION)
    .addHelpText('after', '\nExample:\n  perennial org set --set autoOff.after=1h --set autoOff.userControlled=true')
    .action((name: string, options: ChangeOptions, command: Command) => {
      const change = readChange(options);
      if (Object.keys(change).length === 0) command.error('error: expected a change: --set, --policy, or --file');
      return inSession({ context, command }, async (session) => {
        const update = { ...change, ...session.by(options.by) };
        const policy = await answerOf(session, session.client.organization(name).setPolicy(update));
        const { ifVersion: _, ...fields } = change;
        noteUnknownFields({ note: session.note, change: fields, policy });
        session.print({ json: policy, text: formatPolicy(name, policy) });
      });
    });
}

/** What `show --json` prints besides the fields that can be set. */
const ANSWERED = ['version', 'name', 'changes'];

/** Unknown fields are ignored by the contract, so that a misspelt one is reported here. */
function noteUnknownFields(given: { note: (sentence: string) => void; change: PolicyFields; policy: object }): void {
  const unknown = Object.keys(given.change).filter((field) => !Object.hasOwn(given.policy, field) && !ANSWERED.includes(field));
  if (unknown.length > 0) given.note(`ignored, since a policy has no such field: ${unknown.join(', ')}`);
}

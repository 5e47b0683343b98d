/** The commands on owners: a person's own settings, and what the person's workspaces use. */
import { Command, InvalidArgumentError } from 'commander';
import { DEFAULT_ORGANIZATION } from '../../contract/names';
import type { AutoStartSetting, ConfigureOwnerInput, Dotfiles } from '../../contract/payloads';
import type { CliContext } from '../context';
import { parseName } from '../input/arguments';
import { addByOption, addPersonalOptions } from '../input/settings';
import { formatOwner } from '../output/owner-page';
import { answerOf, inSession } from '../session';

type Field = Exclude<keyof ConfigureOwnerInput, 'by'>;

interface SetOptions {
  organization: string;
  by?: string;
  autoStart?: AutoStartSetting;
  dotfiles?: Dotfiles;
  dotfilesRef?: string;
  clear?: Field[];
}

/** The names of settings as the options have them, and as the message has them. */
const CLEARABLE: Record<string, Field> = { 'auto-start': 'autoStart', dotfiles: 'dotfiles' };

/** `perennial owner`. */
export function ownerCommand(context: CliContext): Command {
  return new Command('owner').addCommand(ownerShowCommand(context)).addCommand(ownerSetCommand(context));
}

function ownerShowCommand(context: CliContext): Command {
  return addOrganizationOption(new Command('show').description("show an owner's settings, and what the owner's workspaces use"))
    .argument('<owner>', "the owner's name", parseName)
    .addHelpText('after', '\nExample:\n  perennial owner show ada --organization research')
    .action((owner: string, { organization }: { organization: string }, command: Command) =>
      inSession({ context, command }, async ({ client, print }) => {
        const view = await client.owner(organization, owner).status();
        print({ json: view, text: formatOwner(view) });
      }),
    );
}

function ownerSetCommand(context: CliContext): Command {
  const command = new Command('set').description("change an owner's settings, the defaults of the owner's workspaces");
  return addPersonalOptions(addByOption(addOrganizationOption(command)))
    .argument('<owner>', "the owner's name", parseName)
    .option('--clear <list>', `settings to take back: ${Object.keys(CLEARABLE).join(',')}`, parseClear)
    .addHelpText('after', '\nExample:\n  perennial owner set ada --auto-start "08:30 Europe/Berlin"')
    .action((owner: string, options: SetOptions, command: Command) => {
      const change = readChange(options, command);
      return inSession({ context, command }, async (session) => {
        const handle = session.client.owner(options.organization, owner);
        const view = await answerOf(session, handle.configure({ ...change, ...session.by(options.by) }));
        session.print({ json: view, text: formatOwner(view) });
      });
    });
}

function addOrganizationOption(command: Command): Command {
  return command.option('--organization <name>', 'in this organization', parseName, DEFAULT_ORGANIZATION);
}

function parseClear(text: string): Field[] {
  return text.split(',').map((name) => {
    const field = Object.hasOwn(CLEARABLE, name) ? CLEARABLE[name] : undefined;
    if (field === undefined) throw new InvalidArgumentError(`Expected some of ${Object.keys(CLEARABLE).join(',')}.`);
    return field;
  });
}

function readChange({ autoStart, dotfiles, dotfilesRef, clear = [] }: SetOptions, command: Command): ConfigureOwnerInput {
  if (dotfilesRef && !dotfiles?.uri) command.error("error: option '--dotfiles-ref <ref>' needs '--dotfiles <URI>' beside it");
  if (autoStart?.weekdays) command.error('error: weekdays belong to a workspace; an owner sets a time and a zone');
  const change = {
    ...(autoStart && { autoStart }),
    ...(dotfiles && { dotfiles: { ...dotfiles, ...(dotfilesRef && { ref: dotfilesRef }) } }),
  };
  // One of the two would silently win.
  const both = clear.find((field) => field in change);
  if (both) command.error(`error: ${both} cannot be both set and cleared`);
  if (clear.length === 0 && Object.keys(change).length === 0) command.error('error: expected at least one setting, or --clear');
  return { ...change, ...Object.fromEntries(clear.map((field) => [field, null])) };
}

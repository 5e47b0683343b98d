import { type Command, InvalidArgumentError } from 'commander';
import type { ConfigureInput, StatusView } from '../../contract/payloads';
import type { CliContext } from '../context';
import type { WorkspaceName } from '../input/arguments';
import { addByOption, addSettingOptions, readSettingOptions, type SettingOptions } from '../input/settings';
import { workspaceCommand } from '../input/workspace-command';
import { answerOf, inSession } from '../session';

type ConfigureOptions = SettingOptions & { by?: string; clear?: Field[] };
type Field = Exclude<keyof ConfigureInput, 'by'>;

/** The names of settings as the options have them, and as the message has them. */
const CLEARABLE: Record<string, Field> = {
  image: 'image',
  resources: 'resources',
  env: 'env',
  'auto-start': 'autoStart',
  'auto-off': 'autoOff',
  dotfiles: 'dotfiles',
};

/** `perennial configure`. It never begins a build; where one is wanted it says so. */
export function configureCommand(context: CliContext): Command {
  return addByOption(addSettingOptions(workspaceCommand('configure')))
    .option('--clear <list>', `settings to take back: ${Object.keys(CLEARABLE).join(',')}`, parseClear)
    .addHelpText('after', '\nExample:\n  perennial configure ada/dev --auto-off 45m --clear auto-start')
    .action(({ owner, name }: WorkspaceName, options: ConfigureOptions, command: Command) => {
      const input = readInput(options, command);
      return inSession({ context, command, throughGateway: true }, async (session) => {
        const handle = session.client.workspace(owner, name);
        const status = await answerOf(session, handle.configure({ ...input, ...session.by(options.by) }));
        const waiting = status.rebuildRequired ? `; a rebuild is wanted: ${status.rebuildRequired}` : '';
        session.print({ json: status, text: `${status.workspace}: configured${nextStart(status)}${waiting}` });
      });
    });
}

/** Empty without auto-start. */
function nextStart({ autoStart }: StatusView): string {
  if (autoStart?.at) return `; the next start is at ${autoStart.at}`;
  return autoStart?.blockedBecause ? `; no start will come: ${autoStart.blockedBecause}` : '';
}

function parseClear(text: string): Field[] {
  return text.split(',').map((name) => {
    const field = CLEARABLE[name];
    if (field === undefined) throw new InvalidArgumentError(`Expected some of ${Object.keys(CLEARABLE).join(',')}.`);
    return field;
  });
}

function readInput({ clear = [], ...options }: ConfigureOptions, command: Command): ConfigureInput {
  const given = readSettingOptions(options, command);
  // One of the two would silently win.
  const both = clear.find((field) => field in given);
  if (both) command.error(`error: ${both} cannot be both set and cleared`);
  if (clear.length === 0 && Object.keys(given).length === 0) command.error('error: expected at least one setting, or --clear');
  return { ...given, ...Object.fromEntries(clear.map((field) => [field, null])) };
}

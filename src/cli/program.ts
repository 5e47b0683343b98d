/** The command line as a table of contents: the commands with what each is for, and the options that hold everywhere. */
import { Command } from 'commander';
import type { CliContext } from './context';

const NOTES = `
Exit codes: 0 well, 1 refused or failed, 2 wrong usage.
With --json a refusal or failure is { "error": { "type", "message" } } on standard output.

Example:
  perennial create ada/dev --image starter:1 --auto-off 2h`;

/** A command with its arguments, what it is for, and how its file is loaded: only when it is called, so that each starts quickly. */
type Entry = [usage: string, description: string, load: () => Promise<(context: CliContext) => Command>];

const builds = () => import('./commands/create-start-rebuild.js');
const requests = () => import('./commands/stop-cancel-restore-ping.js');

/** In the order of the help. */
const COMMANDS: Entry[] = [
  ['create <workspace>', 'make a workspace and build it', async () => (await builds()).createCommand],
  ['list', 'list workspaces; the list may lag behind by a moment', async () => (await import('./commands/list.js')).listCommand],
  [
    'status <workspace>',
    'show a workspace: its state, its build, and what comes next',
    async () => (await import('./commands/status.js')).statusCommand,
  ],
  [
    'explain <workspace>',
    'say why a workspace is as it is, what comes next, and what would change that',
    async () => (await import('./commands/explain.js')).explainCommand,
  ],
  ['start <workspace>', 'build a workspace that is off, with its home', async () => (await builds()).startCommand],
  ['stop <workspace>', 'turn a workspace off; its home stays', async () => (await requests()).stopCommand],
  ['rebuild <workspace>', 'replace all of a workspace but its home', async () => (await builds()).rebuildCommand],
  ['cancel <workspace>', 'cancel the build under way; the workspace is off then', async () => (await requests()).cancelCommand],
  [
    'ping <workspace>',
    'report that a workspace is in use, which postpones its auto-off',
    async () => (await requests()).pingCommand,
  ],
  [
    'configure <workspace>',
    'change the settings of a workspace; the next build takes them',
    async () => (await import('./commands/configure.js')).configureCommand,
  ],
  [
    'delete <workspace>',
    'delete a workspace; its home can be restored until it is purged',
    async () => (await import('./commands/delete.js')).deleteCommand,
  ],
  ['restore <workspace>', 'take a delete back while the home is still there', async () => (await requests()).restoreCommand],
  [
    'logs <workspace>',
    "print the output of a build's hooks, with secrets masked",
    async () => (await import('./commands/logs.js')).logsCommand,
  ],
  [
    'shell <workspace> [command...]',
    'open a terminal in a running workspace, or run one command there',
    async () => (await import('./commands/shell.js')).shellCommand,
  ],
  [
    'schedule',
    'print each start that an auto-start setting gives; needs no server',
    async () => (await import('./commands/schedule.js')).scheduleCommand,
  ],
  ['orphans [command]', 'homes without a workspace', async () => (await import('./commands/orphans.js')).orphansCommand],
  [
    'org [command]',
    'organizations: their policies, and what their workspaces use',
    async () => (await import('./commands/organization/organization.js')).organizationCommand,
  ],
  [
    'campaign [command]',
    'paced rebuilds of many workspaces',
    async () => (await import('./commands/campaign.js')).campaignCommand,
  ],
  [
    'owner [command]',
    'owners: their settings, and the quota in use',
    async () => (await import('./commands/owner.js')).ownerCommand,
  ],
  ['token [command]', 'tokens for the gateway', async () => (await import('./commands/token.js')).tokenCommand],
  ['key [command]', "owners' SSH keys", async () => (await import('./commands/key.js')).keyCommand],
  [
    'secret [command]',
    'secrets of owners and organizations, delivered to their workspaces',
    async () => (await import('./commands/secret.js')).secretCommand,
  ],
  ['completion <shell>', 'print a script that completes commands and options in a shell', loadCompletion],
];

/** The name of every command. */
export const COMMAND_NAMES = COMMANDS.map(([usage]) => nameIn(usage));

/**
 * The command line as commander knows it, with nothing read from the process. The commands named in `words` are complete; the others
 * have what the list of commands shows of them.
 */
export async function createProgram(context: CliContext, words: string[]): Promise<Command> {
  const program = createRoot(context);
  for (const [usage, description, load] of COMMANDS) {
    const name = nameIn(usage);
    const command = words.includes(name) ? (await load())(context) : new Command(name).usage(usage.slice(name.length + 1));
    program.addCommand(command.description(description));
    inheritSettings(program, command);
  }
  return program;
}

/** The completion scripts are made from the whole program, which is handed in: the command's file cannot import this one. */
async function loadCompletion() {
  const { completionCommand } = await import('./commands/completion.js');
  return (context: CliContext) => completionCommand(context, () => createProgram(context, COMMAND_NAMES));
}

function nameIn(usage: string): string {
  return usage.split(' ')[0] ?? usage;
}

function createRoot({ out }: CliContext): Command {
  return (
    new Command('perennial')
      .description('Durable development workspaces: the home persists, everything else is rebuilt.')
      .option('--dir <folder>', 'folder of the embedded stack (default: PERENNIAL_DIR, else .perennial)')
      .option(
        '--address <host:port>',
        "where Temporal answers (default: Temporal's own settings, else the stack's, else localhost:7233)",
      )
      .option('--namespace <name>', 'Temporal namespace (default: the same, else perennial)')
      .option('--json', 'print one JSON value')
      .addHelpText('after', NOTES)
      .configureHelp({ showGlobalOptions: true, subcommandTerm: formatTerm })
      .configureOutput({
        writeOut: out.write,
        writeErr: out.writeError,
        getOutHelpWidth: () => out.columns() ?? 100,
        getErrHelpWidth: () => out.columns() ?? 100,
        outputError: (text, write) => write(`perennial: ${text.replace(/^error: /, '')}`),
      })
      .showHelpAfterError('(--help says how it is used)')
      // Commander would exit with 1 on wrong usage, and immediately.
      .exitOverride()
      // A command that can also run alone reads --json itself; here the program has taken it, before or after the command.
      .hook('preAction', (program, action) => {
        if (program.opts().json === true) action.setOptionValue('json', true);
      })
  );
}

/** Independent of whether the command's file is loaded. */
function formatTerm(command: Command): string {
  return `${command.name()} ${command.usage().replace(/^\[options\] ?/, '')}`.trimEnd();
}

/** Output and exit are settings of the whole program; commander hands them down only to commands that it makes itself. */
function inheritSettings(parent: Command, command: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheritSettings(command, child);
}

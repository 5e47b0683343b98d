import { Command, CommanderError } from 'commander';
import { configureCommand } from './commands/configure';
import { createCommand, rebuildCommand, startCommand } from './commands/create-start-rebuild';
import { deleteCommand } from './commands/delete';
import { explainCommand } from './commands/explain';
import { listCommand } from './commands/list';
import { logsCommand } from './commands/logs';
import { organizationCommand } from './commands/organization';
import { orphansCommand } from './commands/orphans';
import { scheduleCommand } from './commands/schedule';
import { shellCommand } from './commands/shell';
import { statusCommand } from './commands/status';
import { cancelCommand, pingCommand, restoreCommand, stopCommand } from './commands/stop-cancel-restore-ping';
import type { CliContext } from './context';
import { describeFailure } from './failure';
import { formatJson, toPlainText } from './output/plain-text';

const NOTES = `
Exit codes: 0 well, 1 refused or failed, 2 wrong usage.
With --json a refusal or failure is { "error": { "type", "message" } } on standard output.

Example:
  perennial create ada/dev --image starter:1 --auto-off 2h`;

/** Runs one command line, and resolves with the exit code; everything that goes wrong is printed. */
export async function runProgram(context: Omit<CliContext, 'exit'>, args: string[]): Promise<number> {
  let exitCode = 0;
  const exit = (code: number) => {
    exitCode = code;
  };
  const program = createProgram({ ...context, exit });
  const isJson = () => program.opts<{ json?: true }>().json === true;
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return endUsage({ context, error, json: isJson() });
    const report = describeFailure(error);
    if (isJson()) context.out.write(`${formatJson(report.json)}\n`);
    else context.out.writeError(`${toPlainText(report.text)}\n`);
    return report.exitCode;
  }
}

/** The command line as commander knows it, with nothing read from the process. */
export function createProgram(context: CliContext): Command {
  const { out } = context;
  const program = new Command('perennial')
    .description('Durable development workspaces: the home persists, everything else is rebuilt.')
    .option('--dir <folder>', 'folder of the embedded stack (default: PERENNIAL_DIR, else .perennial)')
    .option(
      '--address <host:port>',
      "where Temporal answers (default: Temporal's own settings, else the stack's, else localhost:7233)",
    )
    .option('--namespace <name>', 'Temporal namespace (default: the same, else perennial)')
    .option('--json', 'print one JSON value')
    .addHelpText('after', NOTES)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: out.write,
      writeErr: out.writeError,
      getOutHelpWidth: () => out.columns() ?? 100,
      getErrHelpWidth: () => out.columns() ?? 100,
      outputError: (text, write) => write(`perennial: ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('(--help says how it is used)')
    // Commander would exit with 1 on wrong usage, and at once.
    .exitOverride()
    // A command that also stands alone reads --json itself; here the program has taken it, wherever it stood.
    .hook('preAction', (_program, action) => {
      if (program.opts().json === true) action.setOptionValue('json', true);
    });
  for (const command of createCommands(context)) addWithSettings(program, command);
  return program;
}

function createCommands(context: CliContext): Command[] {
  return [
    createCommand(context),
    listCommand(context),
    statusCommand(context),
    explainCommand(context),
    startCommand(context),
    stopCommand(context),
    rebuildCommand(context),
    cancelCommand(context),
    pingCommand(context),
    configureCommand(context),
    deleteCommand(context),
    restoreCommand(context),
    logsCommand(context),
    shellCommand(context),
    scheduleCommand(),
    orphansCommand(context),
    organizationCommand(context),
  ];
}

/** Output and exit are settings of the whole; commander hands them down only to commands that it makes itself. */
function addWithSettings(parent: Command, command: Command): void {
  parent.addCommand(command);
  inherit(parent, command);
}

function inherit(parent: Command, command: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(command, child);
}

/** Commander has printed the sentence already; a program that reads JSON gets it there too. */
function endUsage({ context, error, json }: { context: Pick<CliContext, 'out'>; error: CommanderError; json: boolean }): number {
  if (error.exitCode === 0) return 0;
  const message = error.message.replace(/^error: /, '');
  if (json) context.out.write(`${formatJson({ error: { type: 'WrongUsage', message } })}\n`);
  return 2;
}

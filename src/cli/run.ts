import { type Command, CommanderError } from 'commander';
import { formatJson, toPlainText } from '../client/pages/plain-text';
import type { CliContext } from './context';
import { describeFailure } from './failure';
import { createProgram } from './program';

/** Runs one command line, and resolves with the exit code; everything that goes wrong is printed. */
export async function runCommandLine(context: Omit<CliContext, 'exit'>, args: string[]): Promise<number> {
  let exitCode = 0;
  const exit = (code: number) => {
    exitCode = code;
  };
  const program = await createProgram({ ...context, exit }, args);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    const json = isJson(program);
    if (error instanceof CommanderError) return endUsage({ context, error, json });
    const report = describeFailure(error);
    if (json) context.out.write(`${formatJson(report.json)}\n`);
    else context.out.writeError(`${toPlainText(report.text)}\n`);
    return report.exitCode;
  }
}

function isJson(program: Command): boolean {
  return program.opts<{ json?: true }>().json === true;
}

/** Commander has printed the sentence already; a program that reads JSON gets it there too. */
function endUsage({ context, error, json }: { context: Pick<CliContext, 'out'>; error: CommanderError; json: boolean }): number {
  if (error.exitCode === 0) return 0;
  const message = error.message.replace(/^error: /, '');
  if (json) context.out.write(`${formatJson({ error: { type: 'WrongUsage', message } })}\n`);
  return 2;
}

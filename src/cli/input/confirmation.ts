import type { Command } from 'commander';
import type { CliContext } from '../context';
import { CliFailure } from '../failure';

/** Asks before what cannot be undone. Without a person to ask it is wrong usage; a no fails with `Declined`. */
export async function confirm(given: { context: CliContext; command: Command; question: string }): Promise<void> {
  const { context, command, question } = given;
  const ask = command.optsWithGlobals().json ? null : context.confirm;
  if (ask === null) return command.error(`error: expected --yes, since no terminal can ask: ${question}`);
  if (!(await ask(question))) throw new CliFailure('Declined', 'nothing was done');
}

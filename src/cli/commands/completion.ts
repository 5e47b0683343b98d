import { Argument, Command } from 'commander';
import type { CliContext } from '../context';
import { formatBashCompletion, formatFishCompletion, formatZshCompletion } from '../output/completion-scripts';

const FORMATS = { bash: formatBashCompletion, zsh: formatZshCompletion, fish: formatFishCompletion };
type Shell = keyof typeof FORMATS;

const HELP = `
To use it in this shell, and in those to come:
  bash   source <(perennial completion bash)       and the same line in ~/.bashrc
  zsh    source <(perennial completion zsh)        and the same line in ~/.zshrc, after compinit
  fish   perennial completion fish | source        and the same line in ~/.config/fish/config.fish

Example:
  perennial completion bash`;

/** `perennial completion`. The script has all that it completes in it, and starts no program when it is asked. */
export function completionCommand(context: CliContext, createProgram: () => Promise<Command>): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(FORMATS)))
    .addHelpText('after', HELP)
    .action(async (shell: Shell) => {
      context.out.write(FORMATS[shell](await createProgram()));
    });
}

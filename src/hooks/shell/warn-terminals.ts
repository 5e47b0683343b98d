import { readScript } from './read-script';

const SCRIPT = readScript(__dirname, '..', 'scripts', 'warn-terminals.sh');

/** The command that writes a text, free of control characters, to the terminals of the workspace in which it runs. */
export function warnTerminalsCommand(text: string): { argv: string[]; stdin: string } {
  return { argv: ['sh', '-c', SCRIPT], stdin: text };
}

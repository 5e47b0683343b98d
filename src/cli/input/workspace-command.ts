import { Command } from 'commander';
import { parseWorkspace } from './arguments';

/** A command on one workspace. */
export function workspaceCommand(name: string): Command {
  return new Command(name).argument('<workspace>', 'OWNER/NAME, such as ada/dev', parseWorkspace);
}

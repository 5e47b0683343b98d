import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { collectSetting, mergeChange, type PolicyFields, parsePolicy } from './policy-change';

/** The options that name a change of a policy. */
export interface ChangeOptions {
  by?: string;
  set?: PolicyFields;
  policy?: PolicyFields;
  file?: PolicyFields;
}

/** The options that name a change of a policy. */
export function addChangeOptions(command: Command): Command {
  return command
    .option(
      '--set <path=value>',
      'one field, such as autoOff.after=1h, repeatable; a value that is JSON is taken as such, so write resources.default.cpu=\'"2"\'',
      collectSetting,
    )
    .option('--policy <json>', 'fields as one JSON object, or the path of a file with such an object', parsePolicyOrFile)
    .option('--file <path>', 'a file with such an object', readPolicyFile);
}

/** What is more particular wins over what is less. */
export function readChange({ file = {}, policy = {}, set = {} }: ChangeOptions): PolicyFields {
  return mergeChange(mergeChange(file, policy), set);
}

/** Only an object is a change, so that no path is taken for one. */
const parsePolicyOrFile = (text: string): PolicyFields => (/^\s*[{["]/.test(text) ? parsePolicy(text) : readPolicyFile(text));

function readPolicyFile(file: string): PolicyFields {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError(`Expected a file that can be read: ${(error as Error).message}.`);
  }
  return parsePolicy(text);
}

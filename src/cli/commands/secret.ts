/** The commands on secrets of owners and organizations. A value comes by standard input, and is never printed. */
import { Command } from 'commander';
import { formatTable } from '../../client/pages/tables';
import type { SecretView } from '../../contract/secrets';
import type { SecretHolder } from '../../secrets/named-secrets';
import { asSecretName, asSecretTarget, asSecretValue } from '../../secrets/secret-input';
import type { CliContext } from '../context';
import { parseName } from '../input/arguments';
import { checkingUsage, parseOwnName } from '../input/secret-arguments';
import { addByOption } from '../input/settings';
import { withKeeper } from '../secret-keeper';

interface HolderOptions {
  organization?: string;
  by?: string;
}

interface TargetOptions extends HolderOptions {
  env?: string;
  file?: string;
  git?: string;
  username?: string;
}

const HEADER = ['NAME', 'TARGET', 'VERSION', 'SET', 'BY'];

/** `perennial secret`. */
export function secretCommand(context: CliContext): Command {
  return new Command('secret')
    .addCommand(secretSetCommand(context))
    .addCommand(secretListCommand(context))
    .addCommand(secretDeleteCommand(context));
}

function secretSetCommand(context: CliContext): Command {
  return addByOption(
    addHolder(new Command('set'), '<names...>', "the owner's and the secret's; with --organization the secret's"),
  )
    .description('set a secret to what standard input has; running workspaces have it within a minute')
    .option('--env <name>', "as an environment variable (default: of the secret's name)")
    .option('--file <path>', 'as a file of the home, which becomes a link')
    .option('--git <host>', 'as the credential of a Git host over HTTPS')
    .option('--username <name>', 'user name of that credential (default: oauth2)')
    .addHelpText(
      'after',
      '\nExample:\n  perennial secret set ada NPM_TOKEN < token.txt\n  perennial secret set ada NETRC --file .netrc < netrc',
    )
    .action(async (names: string[], options: TargetOptions, command: Command) => {
      const { holder, secret } = readNames(names, options, command);
      const { env, file, git, username } = options;
      const name = checkingUsage(command, () => asSecretName(secret));
      const target = checkingUsage(command, () => asSecretTarget({ env, file, git, username }, name));
      const input = await context.readSecret(`Value of ${name}: `);
      const value = checkingUsage(command, () => asSecretValue(withoutLineEnd(input), target));
      await withKeeper({ context, command }, async (keeper, { print, by }) => {
        const view = await keeper.set(holder, { name, target: { ...target }, value, by: by(options.by).by ?? null });
        print({
          json: view,
          text: `${describeHolder(holder)}: ${name} is set, version ${view.version}, as ${describeTarget(view)}`,
        });
      });
    });
}

function secretListCommand(context: CliContext): Command {
  return addHolder(new Command('list'), '[owner]', 'whose; none with --organization')
    .description('list secrets: names, targets, and versions, never values')
    .addHelpText('after', '\nExample:\n  perennial secret list ada\n  perennial secret list --organization acme')
    .action((owner: string | undefined, { organization }: HolderOptions, command: Command) => {
      const holder = readHolder(owner, organization, command);
      return withKeeper({ context, command }, async (keeper, { print }) => {
        const views = await keeper.list(holder);
        print({ json: views, text: formatSecrets(views) });
      });
    });
}

function secretDeleteCommand(context: CliContext): Command {
  return addByOption(
    addHolder(new Command('delete'), '<names...>', "the owner's and the secret's; with --organization the secret's"),
  )
    .description('delete a secret; running workspaces lose it within a minute')
    .addHelpText('after', '\nExample:\n  perennial secret delete ada NPM_TOKEN')
    .action((names: string[], options: HolderOptions, command: Command) => {
      const { holder, secret } = readNames(names, options, command);
      const name = checkingUsage(command, () => asSecretName(secret));
      return withKeeper({ context, command }, async (keeper, { print, by }) => {
        await keeper.delete(holder, { name, by: by(options.by).by ?? null });
        print({ json: { name, scope: holder.scope, deleted: true }, text: `${describeHolder(holder)}: ${name} is deleted` });
      });
    });
}

function addHolder(command: Command, names: string, description: string): Command {
  return command
    .argument(names, description)
    .option('--organization <name>', "the organization's, in the owner's place", parseName);
}

/** OWNER and NAME, or NAME alone where an organization stands in the owner's place. */
function readNames(names: string[], { organization }: HolderOptions, command: Command) {
  const expected = organization === undefined ? 2 : 1;
  if (names.length !== expected) {
    const what = organization === undefined ? 'OWNER and NAME' : 'NAME alone beside --organization';
    return command.error(`error: expected ${what}, got ${names.length} arguments`);
  }
  const secret = names.at(-1) ?? '';
  return { holder: readHolder(organization === undefined ? names[0] : undefined, organization, command), secret };
}

function readHolder(owner: string | undefined, organization: string | undefined, command: Command): SecretHolder {
  if ((owner === undefined) === (organization === undefined)) {
    return command.error('error: expected either an owner, or --organization');
  }
  if (organization !== undefined) return { scope: 'organization', name: organization };
  return { scope: 'owner', name: parseOwnName(command, owner ?? '') };
}

/** What `echo` adds, and no more. */
function withoutLineEnd(input: Buffer): Buffer {
  if (input.at(-1) !== 0x0a) return input;
  return input.subarray(0, input.at(-2) === 0x0d ? -2 : -1);
}

function formatSecrets(views: SecretView[]): string {
  if (views.length === 0) return 'No secrets.';
  const rows = views.map((view) => [view.name, describeTarget(view), String(view.version), view.at, view.by ?? '-']);
  return formatTable([HEADER, ...rows]);
}

function describeTarget({ target }: Pick<SecretView, 'target'>): string {
  if ('env' in target) return `variable ${target.env}`;
  return 'file' in target ? `file ~/${target.file}` : `credential ${target.username} at ${target.git}`;
}

const describeHolder = ({ scope, name }: SecretHolder): string => `${scope} ${name}`;

/** Tokens for the gateway. They are signed by the keys in the store, so that only who holds the store can make them. */
import { Command } from 'commander';
import { installationOf } from '../../client/installation';
import { DEFAULT_ORGANIZATION } from '../../contract/names';
import { createSigningKeys } from '../../secrets/signing-keys';
import { DEFAULT_TOKEN_MS, mintToken, type Scope, subjectOf, type TokenSubject } from '../../secrets/tokens';
import type { CliContext } from '../context';
import { parseName } from '../input/arguments';
import { collectName, parseLife, parseScopes } from '../input/secret-arguments';
import { withStore } from '../secret-keeper';
import { inSession } from '../session';

interface TokenOptions {
  owner?: string;
  service?: string;
  scope?: Scope[];
  organization?: string[];
  expires?: number;
}

/** `perennial token`. */
export function tokenCommand(context: CliContext): Command {
  return new Command('token').addCommand(tokenCreateCommand(context));
}

function tokenCreateCommand(context: CliContext): Command {
  return new Command('create')
    .description('print a token for the gateway')
    .option('--owner <name>', "for an owner's workspaces", parseName)
    .option('--service <name>', 'for a service', parseName)
    .option('--scope <list>', 'what the service may do: any of ping,read,operate,admin', parseScopes)
    .option('--organization <name>', 'whose workspaces the service may see, repeatable (default: default)', collectName)
    .option('--expires <duration>', 'when the token ends, from 1s to 90d (default: 1h)', parseLife)
    .addHelpText(
      'after',
      '\nExample:\n  perennial token create --service ci --scope ping,read --organization default --expires 12h',
    )
    .action((options: TokenOptions, command: Command) => {
      const subject = readSubject(options, command);
      const lifeMs = options.expires ?? DEFAULT_TOKEN_MS;
      return inSession({ context, command }, (session) =>
        withStore(session, async (store) => {
          const keys = createSigningKeys(store, await installationOf(session.client.temporal));
          const { token, expiresAt } = await mintToken(keys, { subject, lifeMs }, context.now());
          const shown = { subject: subjectOf(subject), expiresAt: new Date(expiresAt).toISOString() };
          session.print({ json: { token, ...shown }, text: token });
        }),
      );
    });
}

function readSubject({ owner, service, scope, organization }: TokenOptions, command: Command): TokenSubject {
  if ((owner === undefined) === (service === undefined)) return command.error('error: expected either --owner or --service');
  if (owner !== undefined) {
    if (scope || organization) return command.error('error: expected --scope and --organization beside --service alone');
    return { kind: 'owner', owner };
  }
  if (scope === undefined) return command.error('error: expected --scope beside --service');
  return { kind: 'service', name: service ?? '', scopes: scope, organizations: organization ?? [DEFAULT_ORGANIZATION] };
}

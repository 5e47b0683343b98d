/** The commands on owners' SSH keys. The private key is never printed. */
import { Command } from 'commander';
import type { KeyDelivery } from '../../client/key-delivery';
import type { KeyView } from '../../contract/secrets';
import type { CliContext } from '../context';
import { parseName } from '../input/arguments';
import { withKeeper } from '../secret-keeper';

/** `perennial key`. */
export function keyCommand(context: CliContext): Command {
  return new Command('key').addCommand(keyShowCommand(context)).addCommand(keyRotateCommand(context));
}

function keyShowCommand(context: CliContext): Command {
  return new Command('show')
    .description("print an owner's public SSH key, as Git hosts take it; it is made on first use")
    .argument('<owner>', 'whose', parseName)
    .addHelpText('after', '\nExample:\n  perennial key show ada')
    .action((owner: string, _options: object, command: Command) =>
      withKeeper({ context, command }, async (keeper, { print }) => {
        const key = await keeper.showKey(owner);
        print({ json: key, text: key.publicKey });
      }),
    );
}

function keyRotateCommand(context: CliContext): Command {
  return new Command('rotate')
    .description('make a new SSH key pair, and wait until every running workspace of the owner has it')
    .argument('<owner>', 'whose', parseName)
    .addHelpText('after', '\nExample:\n  perennial key rotate ada')
    .action((owner: string, _options: object, command: Command) =>
      withKeeper({ context, command }, async (keeper, { print }) => {
        const rotated = await keeper.rotateKey(owner);
        print({ json: rotated, text: [rotated.publicKey, ...describeDelivery(rotated)].join('\n') });
        if (rotated.holding.length > 0) context.exit(1);
      }),
    );
}

function describeDelivery({ delivered, holding, fingerprint }: KeyView & KeyDelivery): string[] {
  return [
    ...delivered.map((workspace) => `${workspace} has ${fingerprint}`),
    ...holding.map((workspace) => `${workspace} still has an earlier key; it is delivered as soon as its pod answers`),
  ];
}

import { Command } from 'commander';
import { formatTable } from '../../../client/pages/tables';
import { DEFAULT_ORGANIZATION } from '../../../contract/names';
import type { ImagePolicy, Policy } from '../../../contract/policy';
import type { CliContext } from '../../context';
import { parseName } from '../../input/arguments';
import { changeImages, collectImage, collectTag, type ImageOptions } from '../../input/image-change';
import { addByOption } from '../../input/settings';
import { answerOf, inSession, type Session } from '../../session';

const HEADER = ['IMAGE', 'TAG', 'STATE', 'DEFAULT'];

/** `perennial org images`: lists the images that an organization allows, or changes the list. */
export function orgImagesCommand(context: CliContext): Command {
  return addByOption(new Command('images'))
    .description('list or change the images that workspaces may use, and the states of their tags')
    .argument('[name]', 'the organization', parseName, DEFAULT_ORGANIZATION)
    .option('--add <image:tag>', 'list a tag as available, repeatable', collectTag)
    .option('--default <image:tag>', "make it the image's default tag, repeatable", collectTag)
    .option('--deprecate <image:tag>', 'it still builds, and `rebuildRequired` reports it, repeatable', collectTag)
    .option('--decommission <image:tag>', 'the next builds use the default tag, repeatable', collectTag)
    .option('--remove <image[:tag]>', 'take a tag, or a whole image, off the list, repeatable', collectImage)
    .addHelpText(
      'after',
      '\nExample:\n  perennial org images --add starter:1 --add starter:2 --default starter:2\n  perennial org images --decommission starter:1',
    )
    .action((name: string, { by, ...options }: ImageOptions & { by?: string }, command: Command) =>
      inSession({ context, command }, async (session) => {
        const present = await answerOf(session, session.client.organization(name).policy());
        const { add, default: defaults, deprecate, decommission, remove } = options;
        const isChange = [add, defaults, deprecate, decommission, remove].some((option) => option !== undefined);
        const policy = isChange ? await change({ session, name, present, options, by }) : present;
        const { version, images } = policy;
        session.print({ json: { organization: name, version, images }, text: formatImages(images) });
      }),
    );
}

interface Change {
  session: Session;
  name: string;
  present: Policy;
  options: ImageOptions;
  by: string | undefined;
}

async function change({ session, name, present, options, by }: Change): Promise<Policy> {
  const images = changeImages(present.images, options);
  const policy = await answerOf(session, session.client.organization(name).setPolicy({ images, ...session.by(by) }));
  if (policy.version > present.version + 1)
    session.note(`the policy changed meanwhile (from version ${present.version} to ${policy.version}); compare the list`);
  return policy;
}

/** One line for each tag; a default tag that `tags` lacks is available. */
function formatImages(images: ImagePolicy[]): string {
  if (images.length === 0) return 'No images are listed: any image is allowed.';
  const rows = images.flatMap(({ name, defaultTag, tags }) =>
    Object.entries({ [defaultTag]: 'available', ...tags }).map(([tag, state]) => [
      name,
      tag,
      state,
      tag === defaultTag ? 'yes' : '',
    ]),
  );
  return formatTable([HEADER, ...rows]);
}

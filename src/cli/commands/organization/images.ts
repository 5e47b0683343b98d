import { Command } from 'commander';
import { formatTable } from '../../../client/pages/tables';
import { DEFAULT_ORGANIZATION } from '../../../contract/names';
import type { ImagePolicy, Policy } from '../../../contract/policy';
import type { CliContext } from '../../context';
import { parseName } from '../../input/arguments';
import { changeImages, collectImage, collectTag, type ImageOptions } from '../../input/image-change';
import { addByOption } from '../../input/settings';
import { inSession } from '../../session';
import { editPolicy } from './edit-policy';

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
        const { add, default: defaults, deprecate, decommission, remove } = options;
        const isChange = [add, defaults, deprecate, decommission, remove].some((option) => option !== undefined);
        const change = ({ images }: Policy) => (isChange ? { images: changeImages(images, options) } : null);
        const { version, images } = (await editPolicy(session, { name, by, change })).policy;
        session.print({ json: { organization: name, version, images }, text: formatImages(images) });
      }),
    );
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

import { Command, Option } from 'commander';
import type { WorkspaceSummary } from '../../client';
import { formatTable } from '../../client/pages/tables';
import { formatRelative } from '../../client/pages/times';
import { WORKSPACE_STATES } from '../../contract/payloads';
import type { CliContext } from '../context';
import { parseName } from '../input/arguments';
import { inSession } from '../session';

interface ListOptions {
  owner?: string;
  organization?: string;
  state?: string;
}

const HEADER = ['WORKSPACE', 'STATE', 'IMAGE', 'BUILD', 'AUTO-START', 'AUTO-OFF', 'ORGANIZATION'];

// A purged workspace is in no list any more.
const STATES = WORKSPACE_STATES.filter((state) => state !== 'purged');

/** `perennial list`. From search attributes alone, so it answers while no worker runs. */
export function listCommand(context: CliContext): Command {
  return new Command('list')
    .option('--owner <name>', 'only those of one owner', parseName)
    .option('--organization <name>', 'only those of one organization', parseName)
    .addOption(new Option('--state <state>', 'only those in one state').choices(STATES))
    .addHelpText('after', '\nExample:\n  perennial list --owner ada --state running')
    .action(({ owner, organization, state }: ListOptions, command: Command) =>
      inSession({ context, command, throughGateway: true }, async ({ client, print }) => {
        const filter = { ...(owner && { owner }), ...(organization && { organization }), ...(state && { state }) };
        const workspaces = await client.list(filter);
        // A pipe gets instants, which stay true.
        const now = context.out.columns() === null ? null : context.now();
        print({ json: workspaces, text: formatList(workspaces, now) });
      }),
    );
}

function formatList(workspaces: WorkspaceSummary[], now: number | null): string {
  if (workspaces.length === 0) return 'No workspaces.';
  const when = (instant: string | null) => (instant === null || now === null ? instant : formatRelative(instant, now));
  const rows = workspaces.map(({ workspace, state, image, build, autoStartAt, autoOffAt, organization }) =>
    [workspace, state, image, build, when(autoStartAt), when(autoOffAt), organization].map((cell) => String(cell ?? '-')),
  );
  return formatTable([HEADER, ...rows]);
}

/**
 * Homes that belong to no workspace any more: shown, and removed when asked to. The workflow of each home is asked; a home
 * whose workflow does not answer stays, since a removal is permanent.
 */
import { Command } from 'commander';
import { findWorkspace } from '../../activities/ownership';
import { RequestFailure } from '../../client';
import { formatTable } from '../../client/pages/tables';
import { RuntimeFailure } from '../../runtimes/failure';
import type { ListedHome, Runtime } from '../../runtimes/runtime';
import type { CliContext } from '../context';
import { CliFailure } from '../failure';
import { confirm } from '../input/confirmation';
import { withRuntime } from '../runtime-access';
import { inSession, type Session } from '../session';

interface PurgeOptions {
  all?: true;
  yes?: true;
}

const HEADER = ['ID', 'WORKSPACE', 'ORGANIZATION', 'DISK', 'CREATED'];

/** Lists and removes homes without a workspace. */
export function orphansCommand(context: CliContext): Command {
  return new Command('orphans').addCommand(orphansListCommand(context)).addCommand(orphansPurgeCommand(context));
}

function orphansListCommand(context: CliContext): Command {
  return new Command('list')
    .description('list the homes that belong to no workspace')
    .addHelpText('after', '\nExample:\n  perennial orphans list\n  perennial create ada/new --home ID   (takes one over)')
    .action((_options: object, command: Command) =>
      inSession({ context, command }, (session) =>
        withRuntime(session, async (runtime) => {
          const orphans = await findOrphans(session, runtime);
          session.print({ json: orphans.map(viewHome), text: formatHomes(orphans) });
        }),
      ),
    );
}

function orphansPurgeCommand(context: CliContext): Command {
  return new Command('purge')
    .description('permanently remove homes that belong to no workspace')
    .argument('[ids...]', 'which homes')
    .option('--all', 'all that belong to no workspace')
    .option('--yes', 'do not ask before removing all')
    .addHelpText('after', '\nExample:\n  perennial orphans purge --all --yes')
    .action(async (ids: string[], { all, yes }: PurgeOptions, command: Command) => {
      if (ids.length > 0 === (all === true)) command.error('error: expected either the ids of homes, or --all');
      if (all && !yes) await confirm({ context, command, question: 'Remove every home without a workspace permanently?' });
      await inSession({ context, command }, (session) =>
        withRuntime(session, async (runtime) => {
          const homes = all ? await findOrphans(session, runtime) : await pickHomes(session, runtime, ids);
          await purgeHomes({ session, runtime, homes });
        }),
      );
    });
}

function listHomes(session: Session, runtime: Runtime): Promise<ListedHome[]> {
  return runtime.listHomes((home) => session.note(`left out ${home}`));
}

async function findOrphans(session: Session, runtime: Runtime): Promise<ListedHome[]> {
  const orphans: ListedHome[] = [];
  for (const home of await listHomes(session, runtime)) {
    const keeper = await findKeeper(session, home);
    if (keeper === null) orphans.push(home);
    if (keeper?.isUnknown) session.note(`left out ${home.id} (${home.owner}/${home.name}): ${keeper.because}`);
  }
  return orphans;
}

async function pickHomes(session: Session, runtime: Runtime, ids: string[]): Promise<ListedHome[]> {
  const homes = await listHomes(session, runtime);
  return ids.map((id) => {
    const home = homes.find((candidate) => candidate.id === id);
    if (!home) throw new CliFailure('NotFound', `expected the id of a home, got ${JSON.stringify(id)}; nothing was removed`);
    return home;
  });
}

/** A home that stays is no reason to keep the others, but a reason to exit with 1. */
async function purgeHomes(given: { session: Session; runtime: Runtime; homes: ListedHome[] }): Promise<void> {
  const { session, runtime, homes } = given;
  const purged: ListedHome[] = [];
  const kept: CliFailure[] = [];
  for (const home of homes) {
    const refusal = await purgeHome({ session, runtime, home });
    if (refusal === null) purged.push(home);
    else kept.push(refusal);
  }
  const details = { purged: purged.map(viewHome) };
  const lines = purged.map(({ id, owner, name }) => `purged ${id} (${owner}/${name})`);
  const [first] = kept;
  if (!first) return session.print({ json: details, text: lines.join('\n') || 'No homes without a workspace.' });
  if (!session.json && lines.length > 0) session.print({ json: details, text: lines.join('\n') });
  throw new CliFailure(first.type, `not removed: ${kept.map(({ message }) => message).join('; ')}`, { details });
}

/** Asks once more right before the end: a workspace may have taken the home over meanwhile. Answers why it stayed, or null. */
async function purgeHome(given: { session: Session; runtime: Runtime; home: ListedHome }): Promise<CliFailure | null> {
  const { session, runtime, home } = given;
  const { id, owner, name } = home;
  const keeper = await findKeeper(session, home);
  if (keeper !== null) return new CliFailure('NotAllowed', `${id} (${owner}/${name}): ${keeper.because}`);
  try {
    await runtime.deleteHome(home);
    await noteGone(session, home);
    return null;
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error;
    return new CliFailure(error.type, `${id} (${owner}/${name}): ${error.message}`);
  }
}

/** The home is gone, whether its organization answers or not; an ended organization counts nothing. */
async function noteGone({ client, note }: Session, home: ListedHome): Promise<void> {
  try {
    await client.organization(home.organization).noteHomePurged(home);
  } catch (error) {
    if (error instanceof RequestFailure && error.type === 'NotFound') return;
    note(`${home.organization} goes on counting ${home.id}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Why a home must stay; null for an orphan. */
async function findKeeper(session: Session, home: ListedHome): Promise<{ because: string; isUnknown: boolean } | null> {
  const workspace = `${home.owner}/${home.name}`;
  try {
    const found = await findWorkspace(session.client.temporal, home);
    if (found === 'owner') return { because: `it belongs to ${workspace}`, isUnknown: false };
    if (found === 'unknown') return { because: `${workspace} has not said yet which home it has`, isUnknown: true };
    const adopter = await findAdopter(session, home);
    return adopter === null ? null : { because: `it is being taken over by ${adopter}`, isUnknown: false };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { because: `its workspace is unknown: ${message}`, isUnknown: true };
  }
}

/** A home carries its old name until the build that takes it over has reached it. */
async function findAdopter({ client }: Session, { id, owner, name }: ListedHome): Promise<string | null> {
  for (const { workspace } of await client.list({ owner })) {
    const [, other = ''] = workspace.split('/');
    if (other !== name && (await findWorkspace(client.temporal, { id, owner, name: other })) === 'owner') return workspace;
  }
  return null;
}

function viewHome({ createdAt, identity: _, ...home }: ListedHome): Record<string, unknown> {
  return { ...home, createdAt: new Date(createdAt).toISOString() };
}

function formatHomes(homes: ListedHome[]): string {
  if (homes.length === 0) return 'No homes without a workspace.';
  const rows = homes.map(({ id, owner, name, organization, disk, createdAt }) => {
    return [id, `${owner}/${name}`, organization, disk, new Date(createdAt).toISOString()];
  });
  return formatTable([HEADER, ...rows]);
}

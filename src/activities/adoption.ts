import type { Client } from '@temporalio/client';
import { RuntimeFailure } from '../runtimes/failure';
import type { HomeSpec, Runtime } from '../runtimes/runtime';
import { findWorkspace } from './ownership';

/** Refuses to adopt a home that still belongs to a workspace: two workspaces on one home would lose its data. */
export async function checkAdoption({ runtime, client }: { runtime: Runtime; client: Client }, home: HomeSpec): Promise<void> {
  const unlisted: string[] = [];
  const known = (await runtime.listHomes((where) => unlisted.push(where))).find(({ id }) => id === home.id);
  if (!known && unlisted.length > 0) {
    throw new RuntimeFailure('RuntimeUnavailable', `home: cannot look for ${home.id} in ${unlisted.join(', ')}`);
  }
  if (!known) throw new RuntimeFailure('HomeMissing', `home: expected the id of an existing home, got ${home.id}`);
  if (known.owner === home.owner && known.name === home.name) return;
  if ((await findWorkspace(client, known)) === 'other') return;
  throw new RuntimeFailure(
    'NotAllowed',
    `home: expected a home without a workspace; ${home.id} belongs to ${known.owner}/${known.name}`,
  );
}

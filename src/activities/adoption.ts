import type { Client } from '@temporalio/client';
import { RuntimeFailure } from '../runtimes/failure';
import type { HomeSpec, Runtime } from '../runtimes/runtime';
import { findWorkspace } from './ownership';

/** Refuses to take over a home that still belongs to a workspace: two workspaces on one home would lose it. */
export async function checkAdoption({ runtime, client }: { runtime: Runtime; client: Client }, home: HomeSpec): Promise<void> {
  const passedOver: string[] = [];
  const known = (await runtime.listHomes((place) => passedOver.push(place))).find(({ id }) => id === home.id);
  if (!known && passedOver.length > 0) {
    throw new RuntimeFailure('RuntimeUnavailable', `home: cannot look for ${home.id} in ${passedOver.join(', ')}`);
  }
  if (!known) throw new RuntimeFailure('HomeMissing', `home: expected the id of a home that is there, got ${home.id}`);
  if (known.owner === home.owner && known.name === home.name) return;
  const holder = await findWorkspace(client, known);
  if (holder === 'other') return;
  throw new RuntimeFailure(
    'NotAllowed',
    `home: expected a home without a workspace; ${home.id} belongs to ${known.owner}/${known.name}`,
  );
}

import type { ListedHome } from '../runtime';
import { type HomeRecord, readHome } from './store/home-record';
import { readAll } from './store/json-file';
import type { Layout } from './store/paths';

/** All homes that are recorded. */
export async function listHomes(layout: Layout): Promise<ListedHome[]> {
  return (await readAll(layout.records, (id) => readHome(layout, id))).map(toListed);
}

const toListed = ({ id, owner, name, organization, identity, createdAt, disk }: HomeRecord): ListedHome => ({
  id,
  owner,
  name,
  organization,
  identity,
  createdAt,
  disk,
});

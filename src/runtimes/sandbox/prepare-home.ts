import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure } from '../failure';
import type { HomeSpec } from '../runtime';
import { inodeOf, recogniseHome, TOKEN_PATH } from './store/home-identity';
import { readHome, writeHome } from './store/home-record';
import { syncFolder } from './store/json-file';
import { draftOf, homeOf, type Layout } from './store/paths';
import { removeTree } from './store/remove-tree';

/**
 * Makes a home or recognises it, and returns its identity. The caller holds the workspace's lock.
 * @throws HomeMissing, NotAllowed
 */
export async function prepareHome(layout: Layout, spec: HomeSpec): Promise<string> {
  const record = await readHome(layout, spec.id);
  if (record === null) return makeHome(layout, spec);
  if (record.owner !== spec.owner) {
    throw new RuntimeFailure('NotAllowed', `home ${spec.id} belongs to ${record.owner}, and ${spec.owner} asked for it`);
  }
  const known = await recogniseHome({ layout, record, identity: spec.identity });
  const { owner, name, organization, disk } = spec;
  const renewed = { ...known, owner, name, organization, disk };
  if (JSON.stringify(renewed) !== JSON.stringify(record)) await writeHome(layout, renewed);
  return record.identity;
}

async function makeHome(layout: Layout, spec: HomeSpec): Promise<string> {
  const folder = homeOf(layout, spec.id);
  if (spec.identity !== null || spec.adopt) {
    throw new RuntimeFailure('HomeMissing', `home ${spec.id} was expected at ${folder}, and no such home is recorded`);
  }
  if ((await inodeOf(folder)) !== null) {
    throw new RuntimeFailure('HomeMissing', `a new home ${spec.id} was to be made, and an unknown folder is at ${folder}`);
  }
  const draft = draftOf(layout, spec.id);
  const identity = randomUUID();
  await removeTree(draft);
  await mkdir(draft, { mode: 0o700 });
  await mkdir(path.join(draft, '.perennial'), { mode: 0o755 });
  await writeFile(path.join(draft, TOKEN_PATH), `${identity}\n`, { mode: 0o644, flush: true });
  await syncFolder(layout.homes);
  const { id, owner, name, organization, disk } = spec;
  const inode = (await inodeOf(draft)) ?? '';
  await writeHome(layout, {
    id,
    owner,
    name,
    organization,
    identity,
    inode,
    createdAt: Date.now(),
    disk,
    uid: null,
    seeded: false,
  });
  await rename(draft, folder);
  await syncFolder(layout.homes);
  return identity;
}

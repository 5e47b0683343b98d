import { randomUUID } from 'node:crypto';
import { lstat, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure } from '../failure';
import type { HomeSpec } from '../runtime';
import { type HomeRecord, readHome, writeHome } from './store/home-record';
import { isMissing, syncFolder } from './store/json-file';
import type { Layout } from './store/paths';
import { readInside } from './store/read-in-home';
import { removeTree } from './store/remove-tree';

const TOKEN_PATH = '.perennial/home';

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

/**
 * Makes sure that the recorded home stands in its place and is the one that `identity` names, null being any.
 * @throws HomeMissing when it is gone, a link, or a stranger
 */
export async function recogniseHome(home: { layout: Layout; record: HomeRecord; identity: string | null }): Promise<HomeRecord> {
  const { layout, record, identity } = home;
  const folder = homeOf(layout, record.id);
  if (identity !== null && identity !== record.identity) {
    throw new RuntimeFailure(
      'HomeMissing',
      `home ${record.id} was expected to be ${identity}, and ${folder} is recorded as ${record.identity}`,
    );
  }
  // It was cut off between the record and the move.
  if ((await inodeOf(folder)) === null && (await inodeOf(draftOf(layout, record.id))) === record.inode) {
    await rename(draftOf(layout, record.id), folder);
  }
  const inode = await inodeOf(folder);
  if (inode === null) throw new RuntimeFailure('HomeMissing', `home ${record.id} is missing: there is nothing at ${folder}`);
  if (inode === 'no folder')
    throw new RuntimeFailure('HomeMissing', `home ${record.id} is missing: ${folder} is a link or a file, not its folder`);
  if (inode === record.inode) return record;
  if (readToken(folder) === record.identity) return { ...record, inode };
  throw new RuntimeFailure(
    'HomeMissing',
    `home ${record.id} is missing: the folder at ${folder} is another one than was recorded`,
  );
}

/** Where a home lies. */
export const homeOf = (layout: Layout, id: string): string => path.join(layout.homes, id);

/** Where a home is made, before it is moved into its place in one step. */
export const draftOf = (layout: Layout, id: string): string => path.join(layout.homes, `.${id}.new`);

/** The token that lies in a home; null when its user removed it. */
export const readToken = (folder: string): string | null =>
  readInside({ folder, file: TOKEN_PATH, offset: 0, limit: 100 })?.bytes.toString('utf8').trim() ?? null;

async function makeHome(layout: Layout, spec: HomeSpec): Promise<string> {
  const folder = homeOf(layout, spec.id);
  if (spec.identity !== null || spec.adopt) {
    throw new RuntimeFailure('HomeMissing', `home ${spec.id} was expected at ${folder}, and no such home is recorded`);
  }
  if ((await inodeOf(folder)) !== null) {
    throw new RuntimeFailure('HomeMissing', `a new home ${spec.id} was to be made, and a stranger is in its place at ${folder}`);
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

async function inodeOf(folder: string): Promise<string | null> {
  try {
    const found = await lstat(folder, { bigint: true });
    return found.isDirectory() ? `${found.ino}/${found.birthtimeNs}` : 'no folder';
  } catch (error) {
    if (isMissing(error)) return null;
    throw new RuntimeFailure('RuntimeUnavailable', `the home at ${folder} cannot be looked at`, { cause: error });
  }
}

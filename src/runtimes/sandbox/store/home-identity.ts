import { lstat, rename } from 'node:fs/promises';
import { RuntimeFailure } from '../../failure';
import type { HomeRecord } from './home-record';
import { isMissing } from './json-file';
import { draftOf, homeOf, type Layout } from './paths';
import { readInside } from './read-in-home';

/** The file in a home that holds its token. */
export const TOKEN_PATH = '.perennial/home';

/**
 * Checks that the recorded home is at its path and has the given identity; null accepts any. Returns its record.
 * @throws HomeMissing when it is gone, a link, or another folder
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
  // Its creation was interrupted between the record and the move.
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

/** The token in a home; null when its user removed it. */
export const readToken = (folder: string): string | null =>
  readInside({ folder, file: TOKEN_PATH, offset: 0, limit: 100 })?.bytes.toString('utf8').trim() ?? null;

/** The inode number and birth of a folder, as recorded; null when nothing is there. */
export async function inodeOf(folder: string): Promise<string | null> {
  try {
    const found = await lstat(folder, { bigint: true });
    return found.isDirectory() ? `${found.ino}/${found.birthtimeNs}` : 'no folder';
  } catch (error) {
    if (isMissing(error)) return null;
    throw new RuntimeFailure('RuntimeUnavailable', `the home at ${folder} cannot be inspected`, { cause: error });
  }
}

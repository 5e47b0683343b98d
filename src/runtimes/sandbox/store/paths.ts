import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure } from '../../failure';
import { makePassage } from './private-folders';

/** The paths of everything under DIR. */
export interface Layout {
  dir: string;
  homes: string;
  /** The record of each home, outside the homes, whose content belongs to their users. */
  records: string;
  /** The record of each workspace: its fence and its sandbox. */
  sandboxes: string;
  locks: string;
  /** Where the hooks of plain sandboxes keep their state, a folder for each sandbox. */
  runs: string;
  /** Where a sandbox, in its own mount namespace, builds its root. Outside it is always empty. */
  mountPoint: string;
}

/** The paths under DIR. */
export function layOut(dir: string): Layout {
  const sandboxes = path.join(dir, 'sandboxes');
  return {
    dir,
    homes: path.join(dir, 'homes'),
    records: path.join(dir, 'records'),
    sandboxes,
    runs: path.join(dir, 'runs'),
    locks: path.join(sandboxes, '.locks'),
    mountPoint: path.join(sandboxes, '.mount'),
  };
}

/** Where a home lies. */
export const homeOf = (layout: Layout, id: string): string => path.join(layout.homes, id);

/** Where a home is made, before it is moved to its path in one step. */
export const draftOf = (layout: Layout, id: string): string => path.join(layout.homes, `.${id}.new`);

/**
 * Makes the folders. Folders that lead to files of an image's user can be traversed where the service enters them as that user; the rest
 * is for the service alone.
 */
export async function makeFolders(layout: Layout): Promise<void> {
  for (const folder of [layout.dir, layout.homes, layout.runs]) makePassage(folder);
  for (const folder of [layout.records, layout.sandboxes, layout.locks, layout.mountPoint]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
}

/** An id becomes a file name, so whatever could lead elsewhere is refused before any path is made of it. */
export function checkId(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(id)) return id;
  throw new RuntimeFailure(
    'InvalidRequest',
    `a workspace id is 1 to 128 letters, digits, dots, dashes, and underscores and starts with a letter or digit; ${JSON.stringify(id)} came`,
  );
}

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
// A pipe instead of a file must not block the service.
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a part of a file inside a home; null when there is no such plain file. The user may put a link anywhere at any time, so each
 * folder is opened from the one before, and no link is followed.
 */
export function readInside(from: {
  folder: string;
  file: string;
  offset: number;
  limit: number;
}): { bytes: Buffer; size: number } | null {
  const file = openInside(from.folder, from.file.split('/'));
  if (file === null) return null;
  try {
    const found = fstatSync(file);
    if (!found.isFile()) return null;
    const bytes = Buffer.alloc(Math.max(0, Math.min(from.limit, found.size - from.offset)));
    const count = bytes.length === 0 ? 0 : readSync(file, bytes, 0, bytes.length, from.offset);
    return { bytes: bytes.subarray(0, count), size: found.size };
  } finally {
    closeSync(file);
  }
}

function openInside(folder: string, names: string[]): number | null {
  let at = folder;
  const opened: number[] = [];
  try {
    for (const name of names.slice(0, -1)) {
      opened.push(openSync(at, FOLDER));
      at = stepInto({ at, handle: opened.at(-1), name });
    }
    opened.push(openSync(at, FOLDER));
    return openSync(stepInto({ at, handle: opened.at(-1), name: names.at(-1) ?? '' }), FILE);
  } catch (error) {
    if (NOTHING_THERE.has((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  } finally {
    for (const handle of opened) closeSync(handle);
  }
}

const NOTHING_THERE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EACCES']);

// The system's link to an open folder leads to exactly that folder, even when its path has changed.
const stepInto = ({ at, handle, name }: { at: string; handle: number | undefined; name: string }): string =>
  process.platform === 'linux' ? `/proc/self/fd/${handle}/${name}` : path.join(at, name);

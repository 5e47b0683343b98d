import { RuntimeFailure } from '../failure';
import type { LogRef } from '../runtime';
import { homeOf, type Layout } from './store/paths';
import { readInside } from './store/read-in-home';

const LIMIT_BYTES = 1024 * 1024;

/** A part of a step's log as it is in the home; null while there is none. */
export function readLog(layout: Layout, { id, build, step, offset }: LogRef): { text: Buffer; nextOffset: number } | null {
  if (!/^[a-z][a-z-]{0,40}$/.test(step)) {
    throw new RuntimeFailure('InvalidRequest', `a step's name is small letters and dashes; ${JSON.stringify(step)} came`);
  }
  const file = `.perennial/logs/build-${Number(build)}/${step}.log`;
  const found = readInside({ folder: homeOf(layout, id), file, offset, limit: LIMIT_BYTES });
  if (found === null) return null;
  // A log whose beginning was cut may be shorter than what was read of it.
  return { text: found.bytes, nextOffset: Math.min(offset, found.size) + found.bytes.length };
}

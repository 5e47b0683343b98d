import { randomUUID } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { RuntimeFailure } from '../failure';
import { readRecord } from './store/json-file';
import { makePassage } from './store/private-folders';

const schema = z.object({
  /** Of the Temporal namespace, assigned by Temporal at its creation. */
  id: z.string().min(1),
});

/**
 * Ties DIR to the Temporal namespace whose worker serves it: to any other server every home in it would be an orphan. A DIR that is not
 * tied yet is tied now.
 * @throws NotAllowed when it belongs to another one
 */
export async function tieToInstallation(dir: string, installation: string): Promise<void> {
  const tied = (await readInstallation(dir)) ?? (await writeInstallation(dir, installation));
  if (tied !== installation) throw refuse(dir, { tied, installation });
}

/**
 * Checks that DIR belongs to the namespace, before anything in it is judged by the workflows of that namespace.
 * @throws NotAllowed when it belongs to another one, or to none yet
 */
export async function checkInstallation(dir: string, installation: string): Promise<void> {
  const tied = await readInstallation(dir);
  if (tied !== installation) throw refuse(dir, { tied, installation });
}

const fileOf = (dir: string): string => path.join(dir, 'namespace.json');

const readInstallation = async (dir: string): Promise<string | null> => (await readRecord(fileOf(dir), schema))?.id ?? null;

// Linked into place, so that only one of two concurrent workers creates it, and the file is never incomplete.
async function writeInstallation(dir: string, installation: string): Promise<string | null> {
  makePassage(dir);
  const draft = `${fileOf(dir)}.${randomUUID()}`;
  await writeFile(draft, `${JSON.stringify({ id: installation })}\n`, { mode: 0o600, flush: true });
  try {
    await link(draft, fileOf(dir));
    return installation;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return await readInstallation(dir);
  } finally {
    await rm(draft, { force: true });
  }
}

function refuse(dir: string, { tied, installation }: { tied: string | null; installation: string }): RuntimeFailure {
  const asked = `the namespace that was asked has the id ${installation}`;
  const sentence =
    tied === null
      ? `no worker has recorded yet which Temporal namespace ${dir} belongs to, so nothing in it can be judged; ${asked}`
      : `${dir} belongs to the Temporal namespace with the id ${tied}, and ${asked}; if the first is lost permanently, remove ${fileOf(dir)}`;
  return new RuntimeFailure('NotAllowed', sentence);
}

import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import type { z } from 'zod';
import { RuntimeFailure } from '../../failure';

/**
 * Reads a record; null when there is none.
 * @throws RuntimeUnavailable when it cannot be read or is not what was written: unknown must not be taken for gone
 */
export async function readRecord<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (isMissing(error)) return null;
    throw new RuntimeFailure('RuntimeUnavailable', `the record ${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Writes a record whole or not at all, also in a power cut, after which it may be the former one. The name of the draft is fixed: the
 * writer holds the workspace's lock, and overwrites the draft of a crashed writer.
 */
export async function writeRecord(file: string, record: unknown): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(record, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** The ids of all records in a folder. */
export async function listIds(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Reads all records in a folder. A record may be removed after it was listed. */
export async function readAll<T>(folder: string, read: (id: string) => Promise<T | null>): Promise<T[]> {
  const records = await Promise.all((await listIds(folder)).map(read));
  return records.filter((record): record is Awaited<T> & T => record !== null);
}

/** Removes a record; a missing one is success. */
export async function removeRecord(file: string): Promise<void> {
  await rm(`${file}.new`, { force: true });
  await rm(file, { force: true });
}

/** Flushes a folder's entries to the disk: only then does a new name survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether an error says that there is no such file or folder. */
export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

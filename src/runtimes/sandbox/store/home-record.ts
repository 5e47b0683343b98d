import path from 'node:path';
import { z } from 'zod';
import { readRecord, removeRecord, syncFolder, writeRecord } from './json-file';
import type { Layout } from './paths';

const schema = z.object({
  id: z.string(),
  owner: z.string(),
  name: z.string(),
  organization: z.string(),
  /** A random token, also written into the home: so a restored backup is recognised. */
  identity: z.string(),
  /** Inode number and birth of the folder: so a home whose user removed the token is recognised. */
  inode: z.string(),
  createdAt: z.number(),
  disk: z.string(),
  /** The owner of the files; null until the first build. */
  uid: z.number().nullable(),
  /** Whether the first build was completed, after which nothing is ever put into the home again. */
  seeded: z.boolean(),
});

/** The record of a home, which lies outside of it. */
export type HomeRecord = z.infer<typeof schema>;

/** The record of a home; null when there is none. */
export const readHome = (layout: Layout, id: string): Promise<HomeRecord | null> => readRecord(fileOf(layout, id), schema);

/** Writes the record of a home, which even a power cut does not undo; the caller holds the workspace's lock. */
export async function writeHome(layout: Layout, record: HomeRecord): Promise<void> {
  await writeRecord(fileOf(layout, record.id), record);
  await syncFolder(layout.records);
}

/** Removes the record of a home. */
export const removeHome = (layout: Layout, id: string): Promise<void> => removeRecord(fileOf(layout, id));

const fileOf = (layout: Layout, id: string): string => path.join(layout.records, `${id}.json`);

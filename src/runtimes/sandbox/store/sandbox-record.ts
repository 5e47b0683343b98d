import path from 'node:path';
import { z } from 'zod';
import type { PodRef } from '../../runtime';
import { readRecord, removeRecord, writeRecord } from './json-file';
import type { Layout } from './paths';

const podSchema = z.object({
  build: z.number(),
  instance: z.string(),
  /** False until its root is complete: before, it is removed and never entered. */
  ready: z.boolean(),
  mode: z.enum(['isolated', 'user-namespace', 'plain']),
  /** Its first process; all others end with it. */
  init: z.object({ pid: z.number(), startedAt: z.string() }),
  endedByStack: z.boolean(),
  digest: z.string(),
  user: z.object({ name: z.string(), uid: z.number(), gid: z.number(), shell: z.string() }),
  home: z.string(),
  env: z.record(z.string(), z.string()),
  warnings: z.array(z.string()),
  /** The folder outside of DIR that a plain sandbox keeps its secrets in, removed with it; null for other sandboxes. */
  secrets: z.string().nullable().default(null),
});

const schema = z.object({
  id: z.string(),
  owner: z.string(),
  name: z.string(),
  organization: z.string(),
  /** The highest build ever requested, and the highest ever ended. */
  fence: z.object({ seen: z.number(), ended: z.number() }),
  pod: podSchema.nullable(),
});

/** One sandbox, living or dead. */
export type PodRecord = z.infer<typeof podSchema>;

/** The record of a workspace's sandboxes. It outlives them, as it holds the fence, and is removed with the home. */
export type SandboxRecord = z.infer<typeof schema>;

/** The record of a workspace's sandboxes; null when it never had one. */
export const readSandbox = (layout: Layout, id: string): Promise<SandboxRecord | null> => readRecord(fileOf(layout, id), schema);

/** Writes it; the caller holds the workspace's lock. */
export const writeSandbox = (layout: Layout, record: SandboxRecord): Promise<void> =>
  writeRecord(fileOf(layout, record.id), record);

/** Removes the record of a workspace. */
export const removeSandbox = (layout: Layout, id: string): Promise<void> => removeRecord(fileOf(layout, id));

/** The sandbox of one build; null when another build has one, or none has. */
export async function readPod(layout: Layout, ref: PodRef): Promise<PodRecord | null> {
  const pod = (await readSandbox(layout, ref.id))?.pod ?? null;
  return pod?.build === ref.build ? pod : null;
}

const fileOf = (layout: Layout, id: string): string => path.join(layout.sandboxes, `${id}.json`);

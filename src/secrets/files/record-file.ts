import { z } from 'zod';
import { RuntimeFailure } from '../../runtimes/failure';
import type { RecordKey } from '../store';

/** A record in its file. */
export interface RecordFile {
  version: number;
  /** Epoch milliseconds. */
  at: number;
  description: Record<string, unknown>;
  /** Base64; null once the record is deleted. */
  value: string | null;
}

const SCHEMA = z.object({
  version: z.int().min(1),
  at: z.number(),
  description: z.record(z.string(), z.unknown()),
  value: z.base64().nullable(),
});

const SUFFIX = '.json';

/** The folders below the store's that a record lies in. */
export const foldersOf = ({ kind, holder }: Omit<RecordKey, 'name'>): string[] => [kind, ...holder.split('/')];

/** A capital letter is written as `+` and the small one, since some file systems do not distinguish them. */
export const fileNameOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`) + SUFFIX;

/** The record's name in the name of its file; null for any other file. */
export function recordNameOf(file: string): string | null {
  if (!/^(?:\+[a-z]|[a-z0-9_.-])+\.json$/.test(file)) return null;
  return file.slice(0, -SUFFIX.length).replace(/\+([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export const formatRecord = (record: RecordFile): string => `${JSON.stringify(record)}\n`;

/** @throws RuntimeUnavailable without a cause where the text is no record: the errors of parsers quote the text */
export function parseRecord(file: string, text: string): RecordFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = null;
  }
  const parsed = SCHEMA.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new RuntimeFailure('RuntimeUnavailable', `the record ${file} is damaged; set its secret again after removing the file`);
}

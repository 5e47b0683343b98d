/** The store of the embedded stack: files in DIR/keys, for the service's own user alone. */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure } from '../../runtimes/failure';
import { withLock } from '../../runtimes/sandbox/lock/file-lock';
import { checkHolder, checkKey, checkRecord, describeKey } from '../record-key';
import { Conflict, type RecordInfo, type RecordKey, type SecretStore, type StoredRecord } from '../store';
import { findFolder, makePrivateFolders, readPrivateFile, replacePrivateFile } from './private-file';
import { fileNameOf, foldersOf, formatRecord, parseRecord, type RecordFile, recordNameOf } from './record-file';

/** Longer than any writer needs, and shorter than a caller waits. */
const LOCK_LIMIT_MS = 15_000;

/** Opens the store for a service, which first removes the draft of a killed writer: it may have a value. */
export async function openFileStore(folder: string): Promise<SecretStore> {
  const draft = draftIn(folder);
  // On a disk that takes no change the draft is left to the next start.
  if (existsSync(draft)) await inLock(folder, () => rm(draft, { force: true })).catch(() => undefined);
  return createFileStore(folder);
}

/** Opens the store in `folder`, which the first `put` makes. `now` is a clock in epoch milliseconds. */
export function createFileStore(folder: string, now: () => number = Date.now): SecretStore {
  const change = async (key: RecordKey, expected: number | undefined, next: (found: RecordFile | null) => RecordFile | null) => {
    checkKey(key);
    return asStoreFailure(`${describeKey(key)} cannot be changed in ${folder}`, async () => {
      await makePrivateFolders(folder, []);
      return inLock(folder, async () => {
        const found = await readRecordFile(folder, key);
        checkVersion(key, found, expected);
        const record = next(found);
        if (record === null) return;
        const target = path.join(await makePrivateFolders(folder, foldersOf(key)), fileNameOf(key.name));
        await replacePrivateFile(target, draftIn(folder), formatRecord(record));
      });
    });
  };
  return {
    name: 'files',
    get: async (key) => {
      checkKey(key);
      return asStoreFailure(`${describeKey(key)} cannot be read in ${folder}`, async () => {
        return toStored(key.name, await readRecordFile(folder, key));
      });
    },
    put: async (key, record, expected) => {
      checkRecord(key, record);
      const answer = { version: 0, at: now() };
      await change(key, expected, (found) => {
        answer.version = (found?.version ?? 0) + 1;
        return { ...answer, description: record.description, value: record.value.toString('base64') };
      });
      return answer;
    },
    delete: (key, expected) =>
      change(key, expected, (found) => {
        if (found === null || found.value === null) return null;
        return { version: found.version + 1, at: now(), description: {}, value: null };
      }),
    list: async (of) => {
      checkHolder(of);
      return asStoreFailure(`the records of ${of.holder} cannot be listed in ${folder}`, () => listRecords(folder, of));
    },
    close: async () => undefined,
  };
}

const draftIn = (folder: string): string => path.join(folder, '.draft');

const inLock = <T>(folder: string, work: () => Promise<T>): Promise<T> =>
  withLock({ folder: path.join(folder, '.lock'), signal: AbortSignal.timeout(LOCK_LIMIT_MS) }, work);

async function listRecords(folder: string, of: Omit<RecordKey, 'name'>): Promise<RecordInfo[]> {
  const found = await findFolder(folder, foldersOf(of));
  if (found === null) return [];
  const names = (await readdir(found)).map(recordNameOf).filter((name) => name !== null);
  const records = await Promise.all(
    names.sort().map(async (name) => toStored(name, await readRecordFile(folder, { ...of, name }))),
  );
  return records.flatMap((record) => {
    if (record === null) return [];
    const { value: _, ...info } = record;
    return [info];
  });
}

async function readRecordFile(folder: string, key: RecordKey): Promise<RecordFile | null> {
  const found = await findFolder(folder, foldersOf(key));
  if (found === null) return null;
  const file = path.join(found, fileNameOf(key.name));
  try {
    return parseRecord(file, await readPrivateFile(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function toStored(name: string, record: RecordFile | null): StoredRecord | null {
  if (record === null || record.value === null) return null;
  const { version, at, description, value } = record;
  return { name, version, at, description, value: Buffer.from(value, 'base64') };
}

/** A deleted record does not exist, so that version 0 is expected of it. */
function checkVersion(key: RecordKey, found: RecordFile | null, expected: number | undefined): void {
  const present = found === null || found.value === null ? 0 : found.version;
  if (expected === undefined || expected === present) return;
  throw new Conflict(`${describeKey(key)}: expected version ${expected}, got ${present}`);
}

/** The errors of the file system name paths and causes, and no content. */
async function asStoreFailure<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RuntimeFailure || error instanceof Conflict) throw error;
    throw new RuntimeFailure('RuntimeUnavailable', `${what}: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'TimeoutError' ? `another process has changed the store for ${LOCK_LIMIT_MS / 1_000} s` : error.message;
}

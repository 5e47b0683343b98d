/** Records as objects of kind Secret. All but the value stands in the metadata, so that a list gets no values. */
import { createHash } from 'node:crypto';
import type { V1ObjectMeta, V1Secret } from '@kubernetes/client-node';
import { z } from 'zod';
import { RuntimeFailure } from '../../runtimes/failure';
import { INSTALLATION, MANAGED_BY } from '../../runtimes/kubernetes/labels';
import { describeKey } from '../record-key';
import type { RecordInfo, RecordKey, StoredRecord } from '../store';

/** Before the name of every object of a store. The role's admission policy knows it too. */
export const NAME_PREFIX = 'perennial-key-';

/** A record with what the store needs to replace it. A deleted record has no value. */
export interface FoundRecord extends RecordInfo {
  value: Buffer | null;
  resourceVersion: string;
  /** Which `put` or `delete` wrote it. */
  write: string;
}

const LABELS = { kind: 'perennial/record-kind', holder: 'perennial/record-holder', deleted: 'perennial/record-deleted' };
const ANNOTATIONS = z.object({
  'perennial/record-name': z.string(),
  'perennial/record-version': z.coerce.number().int().min(1),
  'perennial/record-at': z.iso.datetime(),
  'perennial/record-description': z.string().transform(parseDescription),
  'perennial/record-write': z.string(),
});

/** The name of a record's object: a digest, since the names of records have characters that objects may not have. */
export function objectNameOf({ kind, holder, name }: RecordKey, installation: string): string {
  const digest = createHash('sha256').update([installation, kind, holder, name].join('\n')).digest('hex');
  return NAME_PREFIX + digest.slice(0, 40);
}

/** Selects the records of one kind and holder that are not deleted. */
export function selectorOf(of: Omit<RecordKey, 'name'>, installation: string): string {
  const labels = labelsOf(of, { installation, isDeleted: false });
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

/** The object of a record; `resourceVersion` is that of the object which it replaces. */
export function toObject(
  key: RecordKey,
  record: Omit<FoundRecord, 'name' | 'resourceVersion'>,
  { installation, resourceVersion }: { installation: string; resourceVersion: string | null },
): V1Secret {
  const { version, at, description, value, write } = record;
  return {
    metadata: {
      name: objectNameOf(key, installation),
      ...(resourceVersion === null ? {} : { resourceVersion }),
      labels: labelsOf(key, { installation, isDeleted: value === null }),
      annotations: {
        'perennial/record-name': key.name,
        'perennial/record-version': String(version),
        'perennial/record-at': new Date(at).toISOString(),
        'perennial/record-description': JSON.stringify(description),
        'perennial/record-write': write,
      },
    },
    type: 'Opaque',
    data: value === null ? {} : { value: value.toString('base64') },
  };
}

/** The record of an object. @throws RuntimeUnavailable, without a cause, for an object that was changed by hand */
export function readObject(key: RecordKey, { metadata = {}, data }: V1Secret): FoundRecord {
  const { version, at, description, write } = readAnnotations(metadata, key);
  const isDeleted = metadata.labels?.[LABELS.deleted] === 'true';
  if (!isDeleted && data?.value === undefined) throw damaged(key);
  const value = isDeleted ? null : Buffer.from(data?.value ?? '', 'base64');
  return { name: key.name, version, at, description, value, write, resourceVersion: metadata.resourceVersion ?? '' };
}

/** A record in a list. */
export function readMetadata(of: Omit<RecordKey, 'name'>, metadata: V1ObjectMeta): RecordInfo {
  const { name, version, at, description } = readAnnotations(metadata, { ...of, name: metadata.name ?? '' });
  return { name, version, at, description };
}

/** The record as the store's callers get it; null where it is deleted. */
export function toStored({ name, version, at, description, value }: FoundRecord): StoredRecord | null {
  return value === null ? null : { name, version, at, description, value };
}

function readAnnotations({ annotations }: V1ObjectMeta, key: RecordKey) {
  const parsed = ANNOTATIONS.safeParse(annotations);
  if (!parsed.success) throw damaged(key);
  const { data } = parsed;
  return {
    name: data['perennial/record-name'],
    version: data['perennial/record-version'],
    at: Date.parse(data['perennial/record-at']),
    description: data['perennial/record-description'],
    write: data['perennial/record-write'],
  };
}

function labelsOf(
  { kind, holder }: Omit<RecordKey, 'name'>,
  { installation, isDeleted }: { installation: string; isDeleted: boolean },
): Record<string, string> {
  return {
    ...MANAGED_BY,
    [INSTALLATION]: installation,
    [LABELS.kind]: kind,
    [LABELS.holder]: holder.replace('/', '.'),
    [LABELS.deleted]: String(isDeleted),
  };
}

function parseDescription(text: string, context: z.RefinementCtx): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'expected an object in JSON' });
    return z.NEVER;
  }
}

const damaged = (key: RecordKey) =>
  new RuntimeFailure(
    'RuntimeUnavailable',
    `the object of ${describeKey(key)} is damaged: expected Perennial's annotations and a value`,
  );

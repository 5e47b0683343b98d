/**
 * Named secrets of owners and organizations. Beside the value, a record keeps the values that it replaced, so that older output can be
 * masked; a deleted secret keeps them too. Nothing but masking and the injection reads values.
 */
import { z } from 'zod';
import type { SecretScope, SecretTarget, SecretView } from '../contract/secrets';
import { RuntimeFailure } from '../runtimes/failure';
import { asSecretName, asSecretTarget, asSecretValue, invalid, targetKey } from './secret-input';
import { Conflict, type PutAnswer, type RecordInfo, type RecordKey, type SecretStore, type StoredRecord } from './store';

/** Whose secrets. */
export interface SecretHolder {
  scope: SecretScope;
  /** The name of the owner or the organization. */
  name: string;
}

/** A change of one secret, unchecked where a caller sends it. */
export interface SecretInput {
  holder: SecretHolder;
  name: unknown;
  /** Any of `env`, `file`, and `git` with `username`; without any, `env` of the secret's name. */
  target: Record<string, unknown>;
  value: Buffer;
  /** Who sets it; null: unknown. */
  by: string | null;
}

/** A stored secret with its values. */
export interface SecretValues {
  /** Null once it is deleted. */
  value: Buffer | null;
  /** The values that were replaced, newest first. */
  earlier: Buffer[];
}

/** A record's description. `deleted` records stay for their earlier values. */
export interface SecretDescription {
  target: SecretTarget;
  by: string | null;
  deleted: boolean;
}

const MAX_SECRETS = 100;
const MAX_EARLIER = 5;
const MAX_EARLIER_BYTES = 256 * 1024;
/** Deleted secrets above this number lose their earlier values, oldest first. */
const MAX_DELETED = 100;
const ATTEMPTS = 10;

const TARGET = z.union([
  z.object({ env: z.string() }),
  z.object({ file: z.string() }),
  z.object({ git: z.string(), username: z.string() }),
]);
const DESCRIPTION = z.object({ target: TARGET, by: z.string().nullable(), deleted: z.boolean() });
const VALUES = z.object({ value: z.base64().nullable(), earlier: z.array(z.base64()) });

/** The part of a record's key that all secrets of one holder share. */
export const holderKey = ({ scope, name }: SecretHolder): Omit<RecordKey, 'name'> => ({
  kind: 'secret',
  holder: `${scope}/${name}`,
});

/**
 * Creates or replaces a secret.
 * @throws InvalidRequest for a wrong field, a target that another secret has, or one secret too many; RuntimeUnavailable
 */
export async function setSecret(store: SecretStore, input: SecretInput): Promise<SecretView> {
  const name = asSecretName(input.name);
  const target = asSecretTarget(input.target, name);
  const value = asSecretValue(input.value, target);
  const key = { ...holderKey(input.holder), name };
  const description: SecretDescription = { target, by: input.by, deleted: false };
  const { version, at } = await changeRecord(store, key, async (found) => {
    checkPlace(await listSecrets(store, input.holder), name, target);
    const earlier = found === null ? [] : earlierAfter(valuesOf(key, found), value);
    return { value: encode({ value, earlier }), description: { ...description } };
  });
  return { name, scope: input.holder.scope, target, version, at: toInstant(at), by: input.by };
}

/**
 * Deletes a secret.
 * @throws NotFound, RuntimeUnavailable
 */
export async function deleteSecret(
  store: SecretStore,
  { holder, name: given, by }: { holder: SecretHolder; name: unknown; by: string | null },
): Promise<{ version: number }> {
  const name = asSecretName(given);
  const key = { ...holderKey(holder), name };
  const answer = await changeRecord(store, key, async (found) => {
    const description = found === null ? null : descriptionOf(key, found);
    if (found === null || description === null || description.deleted) {
      throw new RuntimeFailure('NotFound', `${holder.scope} ${holder.name} has no secret ${name}`);
    }
    const earlier = earlierAfter(valuesOf(key, found), null);
    return { value: encode({ value: null, earlier }), description: { ...description, by, deleted: true } };
  });
  await forgetOldest(store, holder);
  return answer;
}

/** The secrets that exist, sorted by name, without values. */
export async function listSecrets(store: SecretStore, holder: SecretHolder): Promise<SecretView[]> {
  const of = holderKey(holder);
  return (await store.list(of)).flatMap((info) => {
    const { target, by, deleted } = descriptionOf({ ...of, name: info.name }, info);
    if (deleted) return [];
    return [{ name: info.name, scope: holder.scope, target, version: info.version, at: toInstant(info.at), by }];
  });
}

/** What a record's description says. @throws RuntimeUnavailable for anything that is no description of a secret */
export function descriptionOf(key: RecordKey, { description }: RecordInfo): SecretDescription {
  const parsed = DESCRIPTION.safeParse(description);
  if (!parsed.success) throw damaged(key);
  return parsed.data;
}

/** A record's values. @throws RuntimeUnavailable without a cause, which would quote the value */
export function valuesOf(key: RecordKey, { value }: StoredRecord): SecretValues {
  let content: unknown;
  try {
    content = JSON.parse(value.toString('utf8'));
  } catch {
    throw damaged(key);
  }
  const parsed = VALUES.safeParse(content);
  if (!parsed.success) throw damaged(key);
  return {
    value: parsed.data.value === null ? null : Buffer.from(parsed.data.value, 'base64'),
    earlier: parsed.data.earlier.map((text) => Buffer.from(text, 'base64')),
  };
}

/** Reads, computes, and writes a record, and again from the start when another writer was first. */
async function changeRecord(
  store: SecretStore,
  key: RecordKey,
  next: (found: StoredRecord | null) => Promise<{ value: Buffer; description: Record<string, unknown> }>,
): Promise<PutAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await store.get(key);
    const record = await next(found);
    try {
      return await store.put(key, record, found?.version ?? 0);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (attempt === ATTEMPTS) {
        throw new RuntimeFailure('RuntimeUnavailable', `${error.message}: other writers were first ${ATTEMPTS} times`);
      }
    }
  }
}

/** Two writers at once may exceed the number by one each; the injection takes no more than the limit. */
function checkPlace(secrets: SecretView[], name: string, target: SecretTarget): void {
  const others = secrets.filter((secret) => secret.name !== name);
  if (others.length >= MAX_SECRETS) throw invalid('name', `at most ${MAX_SECRETS} secrets`, `one more: ${name}`);
  const same = others.find((other) => targetKey(other.target) === targetKey(target));
  if (same !== undefined) throw invalid('target', 'a target that no other secret has', `that of ${same.name}`);
}

/** The last replaced values, each once, without the new one. */
function earlierAfter({ value, earlier }: SecretValues, next: Buffer | null): Buffer[] {
  const kept: Buffer[] = [];
  let bytes = 0;
  for (const each of value === null ? earlier : [value, ...earlier]) {
    if (next?.equals(each) || kept.some((other) => other.equals(each))) continue;
    bytes += each.length;
    if (kept.length === MAX_EARLIER || bytes > MAX_EARLIER_BYTES) break;
    kept.push(each);
  }
  return kept;
}

async function forgetOldest(store: SecretStore, holder: SecretHolder): Promise<void> {
  const of = holderKey(holder);
  const deleted = (await store.list(of)).filter((info) => descriptionOf({ ...of, name: info.name }, info).deleted);
  const oldest = deleted.sort((a, b) => b.at - a.at).slice(MAX_DELETED);
  for (const { name, version } of oldest) {
    await store.delete({ ...of, name }, version).catch((error: unknown) => {
      // It was set again meanwhile.
      if (!(error instanceof Conflict)) throw error;
    });
  }
}

function encode({ value, earlier }: SecretValues): Buffer {
  const text = (bytes: Buffer) => bytes.toString('base64');
  return Buffer.from(JSON.stringify({ value: value === null ? null : text(value), earlier: earlier.map(text) }));
}

const toInstant = (at: number): string => new Date(at).toISOString();

const damaged = ({ holder, name }: RecordKey) =>
  new RuntimeFailure('RuntimeUnavailable', `the record of the secret ${name} of ${holder} is damaged`);

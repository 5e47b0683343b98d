import { shownBytes } from '../hooks/mask/shown-bytes';
import type { SecretHolder } from './named-secrets';
import { holderKey, valuesOf } from './named-secrets';
import { findOwnerKey } from './owner-key';
import type { SecretStore } from './store';

/** Whose values are masked. */
export interface MaskedHolder {
  owner: string;
  organization: string;
}

/** Of one owner or organization: replaced values above this are not masked, those of the longest unchanged secrets first. */
const MAX_EARLIER_BYTES = 1024 * 1024;

/**
 * Every value that a workspace of this owner may have been given and that its output may show: those of named secrets and of the owner's
 * key, present and replaced. Tokens are recognised by their shape.
 * @throws RuntimeUnavailable
 */
export async function valuesToMask(store: SecretStore, { owner, organization }: MaskedHolder): Promise<string[]> {
  const [key, ...secrets] = await Promise.all([
    findOwnerKey(store, owner),
    namedValues(store, { scope: 'owner', name: owner }),
    namedValues(store, { scope: 'organization', name: organization }),
  ]);
  const keys = key === null ? [] : [key.privateKey, ...key.earlier];
  return [...new Set([...keys, ...secrets.flat()])];
}

/** A deleted secret still has earlier values. */
async function namedValues(store: SecretStore, holder: SecretHolder): Promise<string[]> {
  const of = holderKey(holder);
  const newestFirst = (await store.list(of)).sort((a, b) => b.at - a.at);
  const records = await Promise.all(
    newestFirst.map(async ({ name }) => {
      const key = { ...of, name };
      const record = await store.get(key);
      return record === null ? { value: null, earlier: [] } : valuesOf(key, record);
    }),
  );
  let bytes = 0;
  const earlier = records
    .flatMap((record) => record.earlier)
    .filter(({ length }) => {
      bytes += length;
      return bytes <= MAX_EARLIER_BYTES;
    });
  const present = records.flatMap(({ value }) => (value === null ? [] : [value]));
  return [...present, ...earlier].flatMap(shownBytes);
}

import { shownBytes } from '../hooks/mask/shown-bytes';
import type { SecretHolder } from './named-secrets';
import { holderKey, valuesOf } from './named-secrets';
import { findOwnerKey } from './owner-key';
import type { SecretStore } from './store';

/**
 * Every value that a workspace of this owner may have been given and that its output may show: those of named secrets and of the owner's
 * key, present and replaced. Tokens are recognised by their shape.
 * @throws RuntimeUnavailable
 */
export async function valuesToMask(
  store: SecretStore,
  { owner, organization }: { owner: string; organization: string },
): Promise<string[]> {
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
  const values = await Promise.all(
    (await store.list(of)).map(async ({ name }) => {
      const key = { ...of, name };
      const record = await store.get(key);
      if (record === null) return [];
      const { value, earlier } = valuesOf(key, record);
      return value === null ? earlier : [value, ...earlier];
    }),
  );
  return values.flat().flatMap(shownBytes);
}

import { createTokenVerifier } from '../../../src/gateway/auth/verified-tokens';
import { createSigningKeys } from '../../../src/secrets/signing-keys';
import { mintToken } from '../../../src/secrets/tokens';
import { openFolderStore } from '../../support/gateway/gateway-env';

const SECOND_MS = 1_000;

test('A token is verified again after 10 s, ends at its end to the millisecond, and a refused one is never kept.', async () => {
  const { store, remove } = openFolderStore();
  const keys = createSigningKeys(store, 'here');
  const verifications: string[] = [];
  const counting = {
    ...keys,
    verifier: (kid: string, at: number) => {
      verifications.push(kid);
      return keys.verifier(kid, at);
    },
  };
  let now = Math.floor(Date.now() / SECOND_MS) * SECOND_MS;
  const verify = createTokenVerifier(counting, () => now);
  const { token } = await mintToken(keys, { subject: { kind: 'owner', owner: 'ada' }, lifeMs: 12 * SECOND_MS }, now);
  try {
    for (let count = 0; count < 5; count += 1) expect(await verify(token)).toMatchObject({ owner: 'ada' });
    expect(verifications).toHaveLength(1);
    now += 10 * SECOND_MS;
    await verify(token);
    expect(verifications).toHaveLength(2);
    now += 40 * SECOND_MS;
    for (let count = 0; count < 2; count += 1) await expect(verify(token)).rejects.toMatchObject({ reason: 'expired' });
    expect(verifications).toHaveLength(4);
  } finally {
    remove();
  }
});

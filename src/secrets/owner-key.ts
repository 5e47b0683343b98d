/** The SSH key pair of an owner: ed25519, in OpenSSH's formats. It is made on first use, and is one for each owner. */
import { generateKeyPairSync } from 'node:crypto';
import { parsePrivateKey } from 'sshpk';
import { z } from 'zod';
import type { KeyView } from '../contract/secrets';
import { RuntimeFailure } from '../runtimes/failure';
import { Conflict, type NewRecord, type RecordKey, type SecretStore, type StoredRecord } from './store';

/** An owner's key pair. */
export interface OwnerKey extends KeyView {
  /** As in `~/.ssh/id_ed25519`. */
  privateKey: string;
  /** The private keys that were replaced, newest first, for masking alone. */
  earlier: string[];
}

const MAX_EARLIER = 5;
const ATTEMPTS = 10;

const DESCRIPTION = z.object({ publicKey: z.string(), fingerprint: z.string() });
const VALUE = z.object({ privateKey: z.string(), earlier: z.array(z.string()) });

/** The owner's key pair, made where there is none; of several makers at once all get the same. */
export async function ownerKey(store: SecretStore, owner: string): Promise<OwnerKey> {
  const found = await findOwnerKey(store, owner);
  return found ?? putNextKey(store, owner, (present) => present);
}

/** Replaces the owner's key pair. */
export function rotateOwnerKey(store: SecretStore, owner: string): Promise<OwnerKey> {
  return putNextKey(store, owner, () => null);
}

/** The owner's key pair; null where none was made yet. */
export async function findOwnerKey(store: SecretStore, owner: string): Promise<OwnerKey | null> {
  const found = await store.get(keyOf(owner));
  return found === null ? null : readKey(owner, found);
}

/** The public part, as it is shown. */
export function viewOf({ owner, publicKey, fingerprint, version, createdAt }: OwnerKey): KeyView {
  return { owner, publicKey, fingerprint, version, createdAt };
}

/** Puts a new pair in the place of the present one, unless `isEnough` of the present one answers with a pair. */
async function putNextKey(
  store: SecretStore,
  owner: string,
  isEnough: (present: OwnerKey | null) => OwnerKey | null,
): Promise<OwnerKey> {
  for (let attempt = 1; ; attempt += 1) {
    const present = await findOwnerKey(store, owner);
    const enough = isEnough(present);
    if (enough !== null) return enough;
    const pair = createPair(owner);
    const earlier = present === null ? [] : [present.privateKey, ...present.earlier].slice(0, MAX_EARLIER);
    try {
      const { version, at } = await store.put(keyOf(owner), recordOf(pair, earlier), present?.version ?? 0);
      return { owner, ...pair, earlier, version, createdAt: new Date(at).toISOString() };
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (attempt === ATTEMPTS) throw new RuntimeFailure('RuntimeUnavailable', error.message);
    }
  }
}

function createPair(owner: string): { privateKey: string; publicKey: string; fingerprint: string } {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const key = parsePrivateKey(pem, 'pem');
  key.comment = `${owner}@perennial`;
  return {
    privateKey: key.toString('openssh'),
    publicKey: key.toPublic().toString('ssh'),
    fingerprint: key.fingerprint('sha256').toString(),
  };
}

function recordOf({ privateKey, publicKey, fingerprint }: ReturnType<typeof createPair>, earlier: string[]): NewRecord {
  return { value: Buffer.from(JSON.stringify({ privateKey, earlier })), description: { publicKey, fingerprint } };
}

function readKey(owner: string, { version, at, description, value }: StoredRecord): OwnerKey {
  const parsed = VALUE.safeParse(parseJson(value));
  const shown = DESCRIPTION.safeParse(description);
  // Without a cause, which would quote the key.
  if (!parsed.success || !shown.success) throw new RuntimeFailure('RuntimeUnavailable', `the key of ${owner} is damaged`);
  return { owner, ...shown.data, ...parsed.data, version, createdAt: new Date(at).toISOString() };
}

function parseJson(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    return null;
  }
}

/** The part of the record's key that is the owner's alone. */
export const ownerKeyHolder = (owner: string): Omit<RecordKey, 'name'> => ({ kind: 'ssh-key', holder: `owner/${owner}` });

const keyOf = (owner: string): RecordKey => ({ ...ownerKeyHolder(owner), name: 'ed25519' });

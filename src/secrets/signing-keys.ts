/**
 * The keys that sign tokens: ed25519, in one record of the store. The newest signs; the others verify until the last token that they
 * signed has ended. What verifies stands in the record's description, so that a verifier reads no private key.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { importJWK, type JWK } from 'jose';
import { z } from 'zod';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../contract/duration';
import { RuntimeFailure } from '../runtimes/failure';
import { Conflict, type NewRecord, type RecordKey, type SecretStore } from './store';

/** The longest life of a token. */
export const MAX_TOKEN_MS = 90 * DAY_MS;
/** A key that is older signs nothing more. */
const ROTATE_AFTER_MS = 30 * DAY_MS;
/** Tokens that a copy signed with its cached key end later than the rotation, and clocks differ. */
const MARGIN_MS = HOUR_MS;
const CACHED_MS = 30_000;
/** How long keys from the cache are used while the store does not answer. */
const STALE_MS = 10 * MINUTE_MS;
/** Tokens with unknown key ids cause a read of the store at most this often; later ones wait for the next read. */
const UNKNOWN_PAUSE_MS = 1_000;
/** A record's description holds no more. */
const MAX_KEYS = 12;
const ATTEMPTS = 10;
const RECORD: RecordKey = { kind: 'signing-key', holder: 'installation', name: 'tokens' };

const PUBLIC_KEY = z.object({ kid: z.string(), x: z.string(), createdAt: z.number() });
const PRIVATE_KEY = PUBLIC_KEY.extend({ d: z.string() });
const DESCRIPTION = z.object({ keys: z.array(PUBLIC_KEY).min(1) });
const VALUE = z.object({ keys: z.array(PRIVATE_KEY).min(1) });

type PublicKey = z.infer<typeof PUBLIC_KEY>;
type PrivateKey = z.infer<typeof PRIVATE_KEY>;
type ImportedKey = Awaited<ReturnType<typeof importJWK>>;

/** The signing keys of one installation, with a cache. */
export interface SigningKeys {
  /** The id of the Temporal namespace, a token's audience. */
  readonly installation: string;
  /** The newest key, made where there is none, or none that is young enough. @throws RuntimeUnavailable */
  signer(now: number): Promise<{ kid: string; key: ImportedKey }>;
  /** The key of this id; null where no key that may verify has it. @throws RuntimeUnavailable */
  verifier(kid: string, now: number): Promise<ImportedKey | null>;
  /** Makes a new key, which signs from now on; the earlier ones verify their tokens. */
  rotate(now: number): Promise<{ kid: string }>;
}

/** Opens the signing keys in the store; reads nothing before they are needed. */
export function createSigningKeys(store: SecretStore, installation: string): SigningKeys {
  const signing = createCache((now) => addKey(store, now, isYoung));
  const verifying = createCache(() => listKeys(store));
  const refresh = createRefresh(verifying);
  return {
    installation,
    async signer(now) {
      const cached = await signing.read(now);
      const { kid, x, d } = isYoung(cached, now) ? cached : await signing.fresh(now);
      return { kid, key: await importJWK({ ...asJwk(x), d }, 'EdDSA') };
    },
    async verifier(kid, now) {
      const isSame = (key: PublicKey) => key.kid === kid;
      let found = (await verifying.read(now, STALE_MS)).find(isSame);
      if (found === undefined) {
        const underWay = refresh.underWay();
        found = (await (underWay ?? refresh.next(now))).find(isSame);
        if (found === undefined && underWay !== null) found = (await refresh.next(now)).find(isSame);
      }
      return found === undefined ? null : importJWK(asJwk(found.x), 'EdDSA');
    },
    async rotate(now) {
      const { kid } = await addKey(store, now, () => false);
      await Promise.all([signing.fresh(now), verifying.fresh(now)]);
      return { kid };
    },
  };
}

/** A value of the store that is kept for a while, and read once for all callers at the time. */
interface Cache<T> {
  /** The value. Where the store does not answer, a value that is younger than `staleMs`. */
  read(now: number, staleMs?: number): Promise<T>;
  /** The value as it is in the store after the call. */
  fresh(now: number): Promise<T>;
}

function createCache<T>(load: (now: number) => Promise<T>): Cache<T> {
  let cached: { value: T; at: number } | null = null;
  let loading: Promise<T> | null = null;
  const reload = (now: number) => {
    loading ??= load(now)
      .then((value) => {
        cached = { value, at: now };
        return value;
      })
      .finally(() => {
        loading = null;
      });
    return loading;
  };
  return {
    async read(now, staleMs = 0) {
      const found = cached;
      if (found !== null && now - found.at < CACHED_MS) return found.value;
      try {
        return await reload(now);
      } catch (error) {
        if (found !== null && now - found.at < staleMs) return found.value;
        throw error;
      }
    },
    async fresh(now) {
      // A read that began before the call may have missed what is asked for.
      await loading?.catch(() => undefined);
      return reload(now);
    },
  };
}

/** Reads of the store for unknown key ids. */
interface Refresh<T> {
  /** The value of the read under way, which may have begun before what is asked for was written; null where none is under way. */
  underWay(): Promise<T> | null;
  /** The value of the next read to begin, shared by all who wait for it. */
  next(now: number): Promise<T>;
}

function createRefresh<T>(cache: Cache<T>): Refresh<T> {
  let begunAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<T> | null = null;
  let waiting: Promise<T> | null = null;
  const begin = (now: number): Promise<T> => {
    begunAt = now;
    const read: Promise<T> = cache.fresh(now).finally(() => {
      if (reading === read) reading = null;
    });
    reading = read;
    return read;
  };
  return {
    underWay: () => reading,
    next(now) {
      if (waiting !== null) return waiting;
      // A clock that was set back lengthens no pause.
      const pauseMs = Math.min(Math.max(begunAt + UNKNOWN_PAUSE_MS - now, 0), UNKNOWN_PAUSE_MS);
      if (pauseMs === 0) return begin(now);
      waiting = delay(pauseMs).then(() => {
        waiting = null;
        return begin(now + pauseMs);
      });
      return waiting;
    },
  };
}

async function listKeys(store: SecretStore): Promise<PublicKey[]> {
  const { kind, holder, name } = RECORD;
  const found = (await store.list({ kind, holder })).find((record) => record.name === name);
  if (found === undefined) return [];
  const parsed = DESCRIPTION.safeParse(found.description);
  if (!parsed.success) throw damaged();
  return parsed.data.keys;
}

/** The newest key if that is enough, else a new one, which is in the store before it is returned. */
async function addKey(
  store: SecretStore,
  now: number,
  isEnough: (newest: PrivateKey, now: number) => boolean,
): Promise<PrivateKey> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await store.get(RECORD);
    const keys = found === null ? [] : parseKeys(found.value);
    const [newest] = keys;
    if (newest !== undefined && isEnough(newest, now)) return newest;
    const created = createKey(now);
    try {
      await store.put(RECORD, recordOf([created, ...stillVerifying(keys, now)]), found?.version ?? 0);
      return created;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (attempt === ATTEMPTS) throw new RuntimeFailure('RuntimeUnavailable', error.message);
    }
  }
}

/** A key has signed until the next newer one was made; the newest signs until now. */
function stillVerifying(keys: PrivateKey[], now: number): PrivateKey[] {
  const signedUntil = (index: number) => keys[index - 1]?.createdAt ?? now;
  return keys.filter((_, index) => signedUntil(index) + MAX_TOKEN_MS + MARGIN_MS > now).slice(0, MAX_KEYS - 1);
}

function createKey(now: number): PrivateKey {
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { kid: randomUUID(), x, d, createdAt: now };
}

function recordOf(keys: PrivateKey[]): NewRecord {
  const description = { keys: keys.map(({ kid, x, createdAt }) => ({ kid, x, createdAt })) };
  return { value: Buffer.from(JSON.stringify({ keys })), description };
}

/** Without a cause, which would quote the keys. */
function parseKeys(value: Buffer): PrivateKey[] {
  let content: unknown;
  try {
    content = JSON.parse(value.toString('utf8'));
  } catch {
    throw damaged();
  }
  const parsed = VALUE.safeParse(content);
  if (!parsed.success) throw damaged();
  return parsed.data.keys;
}

const asJwk = (x: string): JWK => ({ kty: 'OKP', crv: 'Ed25519', x });

const isYoung = ({ createdAt }: PublicKey, now: number): boolean => now - createdAt < ROTATE_AFTER_MS;

const damaged = () => new RuntimeFailure('RuntimeUnavailable', 'the record of the signing keys is damaged');

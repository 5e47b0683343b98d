/** What one build of a workspace is given: access to the gateway, the owner's key, and the secrets of owner and organization. */
import type { GitHostPolicy } from '../contract/policy';
import type { DeliveredSecret, SecretScope, SecretTarget } from '../contract/secrets';
import type { InjectedSet } from '../hooks/inject/injected-set';
import { descriptionOf, holderKey, valuesOf } from './named-secrets';
import { ownerKey } from './owner-key';
import { targetKey } from './secret-input';
import type { SigningKeys } from './signing-keys';
import type { SecretStore } from './store';
import { mintToken, WORKSPACE_TOKEN_MS } from './tokens';

/** Which build of which workspace. */
export interface InjectionRequest {
  owner: string;
  name: string;
  /** The workspace's id. */
  id: string;
  organization: string;
  build: number;
  /** The Git hosts of the organization's policy. */
  git: GitHostPolicy[];
  /** The gateway's URL as the workspace reaches it; null: no access is given. */
  gatewayUrl: string | null;
  /** Epoch milliseconds. */
  now: number;
}

/** The set, and what of it may be shown. */
export interface Injection {
  set: InjectedSet;
  delivered: DeliveredSecret[];
  /** Sentences about what is left out, without values. */
  warnings: string[];
  /** When the workspace's token ends, epoch milliseconds; null without a token. */
  expiresAt: number | null;
}

interface Secret extends DeliveredSecret {
  target: SecretTarget;
  value: Buffer;
}

const MAX_SECRETS_PER_SCOPE = 100;
/** Names and values together. Linux starts no program with much more than 1 MiB of variables and arguments. */
const MAX_ENV_KIB = 768;

/**
 * Reads the set. A secret that is deleted meanwhile is left out.
 * @throws RuntimeUnavailable
 */
export async function readInjection(store: SecretStore, keys: SigningKeys, request: InjectionRequest): Promise<Injection> {
  const { owner, organization, git } = request;
  const [token, key, owners, organizations] = await Promise.all([
    mintAccess(keys, request),
    git.length === 0 ? null : ownerKey(store, owner),
    readSecrets(store, 'owner', owner),
    readSecrets(store, 'organization', organization),
  ]);
  const hosts = new Set(git.map(({ host }) => host.toLowerCase()));
  const { secrets, warnings } = withoutTooManyVariables(
    firstOfEachTarget([...owners, ...organizations]).filter(({ target }) => !('git' in target) || hosts.has(target.git)),
  );
  return {
    set: {
      access: token === null ? null : { url: token.url, token: token.token },
      sshKey: key === null ? null : { privateKey: key.privateKey, publicKey: key.publicKey, fingerprint: key.fingerprint },
      gitHosts: git.map(({ host, knownHosts }) => ({ host, knownHosts })),
      ...byTarget(secrets),
    },
    delivered: secrets.map(({ name, scope, version }) => ({ name, scope, version })),
    warnings,
    expiresAt: token?.expiresAt ?? null,
  };
}

async function mintAccess(keys: SigningKeys, { owner, name, id, build, gatewayUrl, now }: InjectionRequest) {
  if (gatewayUrl === null) return null;
  const subject = { kind: 'workspace', owner, name, id, build } as const;
  return { url: gatewayUrl, ...(await mintToken(keys, { subject, lifeMs: WORKSPACE_TOKEN_MS }, now)) };
}

async function readSecrets(store: SecretStore, scope: SecretScope, name: string): Promise<Secret[]> {
  const of = holderKey({ scope, name });
  const present = (await store.list(of)).filter((info) => !descriptionOf({ ...of, name: info.name }, info).deleted);
  const secrets = await Promise.all(
    present.slice(0, MAX_SECRETS_PER_SCOPE).map(async (info) => {
      const key = { ...of, name: info.name };
      const record = await store.get(key);
      const value = record === null ? null : valuesOf(key, record).value;
      if (record === null || value === null) return [];
      return [{ name: info.name, scope, version: record.version, target: descriptionOf(key, record).target, value }];
    }),
  );
  return secrets.flat();
}

/** The owner's secrets come first; of one scope, two writers at once may have set two secrets for one target. */
function firstOfEachTarget(secrets: Secret[]): Secret[] {
  const first = new Map<string, Secret>();
  for (const secret of secrets) {
    const target = targetKey(secret.target);
    if (!first.has(target)) first.set(target, secret);
  }
  return [...first.values()];
}

/** Leaves out variables that exceed the limit; those of the owner come first. */
function withoutTooManyVariables(all: Secret[]): { secrets: Secret[]; warnings: string[] } {
  const warnings: string[] = [];
  let bytes = 0;
  const secrets = all.filter(({ target, value }) => {
    if (!('env' in target)) return true;
    const size = target.env.length + value.length;
    if (bytes + size > MAX_ENV_KIB * 1024) {
      warnings.push(`the secret for variable ${target.env} is left out: all variables together have at most ${MAX_ENV_KIB} KiB`);
      return false;
    }
    bytes += size;
    return true;
  });
  return { secrets, warnings };
}

function byTarget(secrets: Secret[]): Pick<InjectedSet, 'env' | 'files' | 'credentials'> {
  const set: Pick<InjectedSet, 'env' | 'files' | 'credentials'> = { env: [], files: [], credentials: [] };
  for (const { target, value } of secrets) {
    if ('env' in target) set.env.push({ name: target.env, value });
    else if ('file' in target) set.files.push({ path: target.file, value });
    else {
      const password = value.toString('utf8');
      set.credentials.push({ host: target.git, username: target.username, password, expiresAt: null });
    }
  }
  return set;
}

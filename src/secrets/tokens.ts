/** The gateway's tokens: JWTs signed with ed25519, for an owner, for one build of a workspace, or for a service. */
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { HOUR_MS } from '../contract/duration';
import { NAME } from '../contract/names';
import { invalid } from './secret-input';
import { MAX_TOKEN_MS, type SigningKeys } from './signing-keys';

/** What a service may do. Owners and workspaces have fixed rights. */
export const SCOPES = ['ping', 'read', 'operate', 'admin'] as const;
/** One of `SCOPES`. */
export type Scope = (typeof SCOPES)[number];

/** Whom a token is for. */
export type TokenSubject =
  | { kind: 'owner'; owner: string }
  /** `id` is the workspace's id, and `build` the build whose pod has the token. */
  | { kind: 'workspace'; owner: string; name: string; id: string; build: number }
  /** `organizations` are those whose workspaces the service may see. */
  | { kind: 'service'; name: string; scopes: Scope[]; organizations: string[] };

/** A caller whose token was verified. */
export type Caller = TokenSubject & {
  /** The token's subject: `owner/ada`, `workspace/ada/dev`, `service/ci`. */
  subject: string;
  /** Epoch milliseconds. */
  expiresAt: number;
};

/** A token that proves nothing. Its message never quotes the token. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  constructor(
    /** For logs and metrics. */
    readonly reason: 'malformed' | 'unknown-key' | 'signature' | 'expired' | 'not-yet-valid' | 'audience' | 'claims',
    message: string,
  ) {
    super(message);
  }
}

/** A workspace's token is renewed in place long before its end. */
export const WORKSPACE_TOKEN_MS = 2 * HOUR_MS;
/** The life of other tokens where none is given. */
export const DEFAULT_TOKEN_MS = HOUR_MS;

const ISSUER = 'perennial';
const ALGORITHM = 'EdDSA';
/** Clocks of the machines that sign and verify differ. */
const CLOCK_TOLERANCE_S = 10;
const MAX_TOKEN_LENGTH = 8_192;
/** Token and claims stay well below the longest header of HTTP. */
const MAX_ORGANIZATIONS = 50;

const name = z.string().regex(NAME);
const CLAIMS = z.object({ sub: z.string(), exp: z.number(), iat: z.number(), nbf: z.number() });
const WORKSPACE_CLAIMS = z.object({ wid: z.string().min(1), build: z.int().min(1) });
const SERVICE_CLAIMS = z.object({ scope: z.string(), organizations: z.array(name).max(MAX_ORGANIZATIONS) });

/**
 * Signs a token.
 * @throws InvalidRequest for a life or a subject that no token has; RuntimeUnavailable
 */
export async function mintToken(
  keys: SigningKeys,
  { subject, lifeMs }: { subject: TokenSubject; lifeMs: number },
  now: number,
): Promise<{ token: string; expiresAt: number }> {
  checkSubject(subject);
  if (!(lifeMs >= 1_000 && lifeMs <= MAX_TOKEN_MS)) throw invalid('expires', 'a duration from 1s to 90d', `${lifeMs} ms`);
  const { kid, key } = await keys.signer(now);
  const at = Math.floor(now / 1_000);
  const exp = at + Math.floor(lifeMs / 1_000);
  const token = await new SignJWT(claimsOf(subject))
    .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setAudience(keys.installation)
    .setSubject(subjectOf(subject))
    .setIssuedAt(at)
    .setNotBefore(at)
    .setExpirationTime(exp)
    .sign(key);
  return { token, expiresAt: exp * 1_000 };
}

/**
 * Whose token it is.
 * @throws TokenRefused for any text that is no valid token; RuntimeUnavailable where the keys cannot be read
 */
export async function verifyToken(keys: SigningKeys, text: string, now: number): Promise<Caller> {
  if (text.length > MAX_TOKEN_LENGTH) throw new TokenRefused('malformed', 'the token is too long');
  try {
    const { payload } = await jwtVerify(text, ({ kid }) => findKey(keys, kid, now), {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: keys.installation,
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(now),
      requiredClaims: ['sub', 'exp', 'iat', 'nbf'],
      typ: 'JWT',
    });
    return readCaller(payload);
  } catch (error) {
    // Any other error is of the store.
    throw error instanceof errors.JOSEError ? refusalOf(error) : error;
  }
}

/** The token's subject in one text. */
export function subjectOf(subject: TokenSubject): string {
  if (subject.kind === 'owner') return `owner/${subject.owner}`;
  return subject.kind === 'workspace' ? `workspace/${subject.owner}/${subject.name}` : `service/${subject.name}`;
}

async function findKey(keys: SigningKeys, kid: string | undefined, now: number) {
  const key = kid === undefined ? null : await keys.verifier(kid, now);
  if (key === null) throw new TokenRefused('unknown-key', 'no key of this installation has signed the token');
  return key;
}

function claimsOf(subject: TokenSubject): JWTPayload {
  if (subject.kind === 'workspace') return { wid: subject.id, build: subject.build };
  if (subject.kind === 'owner') return {};
  return { scope: subject.scopes.join(' '), organizations: subject.organizations };
}

function readCaller(payload: JWTPayload): Caller {
  const { sub, exp } = read(CLAIMS, payload);
  const [kind, ...names] = sub.split('/');
  const [first = '', second = ''] = names;
  const all = { subject: sub, expiresAt: exp * 1_000 };
  if (!names.every((each) => NAME.test(each))) throw wrongClaims();
  if (kind === 'owner' && names.length === 1) return { kind, owner: first, ...all };
  if (kind === 'workspace' && names.length === 2) {
    const { wid, build } = read(WORKSPACE_CLAIMS, payload);
    return { kind, owner: first, name: second, id: wid, build, ...all };
  }
  if (kind !== 'service' || names.length !== 1) throw wrongClaims();
  const { scope, organizations } = read(SERVICE_CLAIMS, payload);
  const words = scope.split(' ');
  return { kind, name: first, scopes: SCOPES.filter((known) => words.includes(known)), organizations, ...all };
}

function read<T>(schema: z.ZodType<T>, payload: JWTPayload): T {
  const parsed = schema.safeParse(payload);
  if (!parsed.success) throw wrongClaims();
  return parsed.data;
}

const wrongClaims = () => new TokenRefused('claims', 'the token says nothing that a caller may be');

function refusalOf(error: errors.JOSEError): TokenRefused {
  if (error instanceof errors.JWTExpired) return new TokenRefused('expired', 'the token has expired');
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenRefused('signature', 'the signature of the token is wrong');
  }
  if (!(error instanceof errors.JWTClaimValidationFailed)) return new TokenRefused('malformed', 'this is no token');
  if (error.claim === 'nbf' && error.reason === 'check_failed')
    return new TokenRefused('not-yet-valid', 'the token is not valid yet');
  if (error.claim === 'aud') return new TokenRefused('audience', 'the token is for another installation');
  return wrongClaims();
}

function checkSubject(subject: TokenSubject): void {
  const names = subject.kind === 'service' ? [subject.name, ...subject.organizations] : [subject.owner];
  const wrong = names.find((each) => !NAME.test(each));
  if (wrong !== undefined) {
    throw invalid('subject', 'names of 1 to 40 of a-z, 0-9, and "-", starting and ending with a letter or digit', wrong);
  }
  if (subject.kind !== 'service') return;
  if (subject.scopes.length === 0) throw invalid('scope', `at least one of ${SCOPES.join(', ')}`, 'none');
  if (subject.organizations.length === 0 || subject.organizations.length > MAX_ORGANIZATIONS) {
    throw invalid('organization', `1 to ${MAX_ORGANIZATIONS} organizations`, `${subject.organizations.length}`);
  }
}

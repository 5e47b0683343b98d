import type { SigningKeys } from '../../secrets/signing-keys';
import { type Caller, verifyToken } from '../../secrets/tokens';

/** A signature costs more than the rest of a ping, and a caller sends the same token with each. */
const KEPT_MS = 10_000;
const MAX_KEPT = 5_000;

/** Verifies tokens; a token that was valid a moment ago is valid until its end. What is refused is never kept. */
export function createTokenVerifier(keys: SigningKeys, now: () => number): (token: string) => Promise<Caller> {
  const kept = new Map<string, { caller: Caller; at: number }>();
  return async (token) => {
    const known = kept.get(token);
    const at = now();
    if (known && at - known.at < KEPT_MS && at < known.caller.expiresAt) return known.caller;
    const caller = await verifyToken(keys, token, at);
    kept.delete(token);
    kept.set(token, { caller, at });
    const oldest = kept.keys().next().value;
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return caller;
  };
}

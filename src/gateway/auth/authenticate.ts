/** The caller of every request, from its bearer token. */
import type { FastifyRequest } from 'fastify';
import { type Caller, TokenRefused } from '../../secrets/tokens';
import { GatewayError, unauthorized } from '../gateway-error';

/** Checks a token. @throws TokenRefused for a token that does not hold, and any other error when that could not be found out */
export type VerifyToken = (token: string) => Promise<Caller>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Null only on routes that need no token. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** The route needs no token. */
    isPublic?: boolean;
  }
}

/** The characters of a bearer token; anything else, such as two tokens in one header, is none. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/** @throws GatewayError 401 */
export async function authenticate(request: FastifyRequest, verify: VerifyToken): Promise<Caller> {
  const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw unauthorized('expected a token in the header Authorization: Bearer TOKEN');
  try {
    return await verify(token);
  } catch (error) {
    throw error instanceof TokenRefused ? unauthorized(error.message) : error;
  }
}

/** The caller on a route that needs a token. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new GatewayError(401, 'Unauthorized', 'expected a token');
  return request.caller;
}

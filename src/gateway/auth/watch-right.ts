import type { FastifyRequest } from 'fastify';
import { verifyToken } from '../../secrets/tokens';
import type { GatewayContext } from '../dependencies';
import { GatewayError } from '../gateway-error';
import { authenticate } from './authenticate';
import type { Right } from './authorize';

/** What follows from the checks of a right. */
export interface RightListener {
  /** The caller has the right no longer. */
  onLost(refusal: GatewayError): void;
  /** The caller still has it. */
  onKept?(): void;
}

/** Checks the right of a request's caller periodically, until the function that it returns is called. */
export type WatchRight = (request: FastifyRequest, right: Right, listener: RightListener) => () => void;

/** The caller has no right; after any other error it may have. */
const REFUSALS = [401, 403, 404];

export function createRightWatch({ keys, now, recheck, limits }: GatewayContext): WatchRight {
  return (request, right, { onLost, onKept }) => {
    const check = async () => {
      try {
        await authenticate(request, (token) => verifyToken(keys, token, now()));
        await recheck(request, right);
      } catch (error) {
        if (error instanceof GatewayError && REFUSALS.includes(error.statusCode)) onLost(error);
        return;
      }
      onKept?.();
    };
    const timer = setInterval(check, limits.recheckEveryMs);
    return () => clearInterval(timer);
  };
}

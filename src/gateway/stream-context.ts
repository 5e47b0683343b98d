import type { FastifyRequest } from 'fastify';
import type { Right } from './auth/authorize';
import type { LogSourceOf } from './build-log/log-sources';
import type { GatewayContext } from './dependencies';
import type { PingCollapse } from './pings/collapse';

/** What the routes share that last longer than one answer. */
export interface StreamContext extends GatewayContext {
  pings: PingCollapse;
  /** Null where this process does not hold the runtime. */
  logSourceOf: LogSourceOf | null;
  /** Aborted when the gateway ends. */
  ending: AbortSignal;
  /**
   * Takes one of the caller's places until the function it returns is called.
   * @throws GatewayError 429
   */
  takePlace(request: FastifyRequest): () => void;
  /**
   * Checks whether the caller still has the right.
   * @throws GatewayError
   */
  recheckNow(request: FastifyRequest, right: Right): Promise<void>;
}

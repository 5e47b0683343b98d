import type { FastifyRequest } from 'fastify';
import type { WatchRight } from './auth/watch-right';
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
  /** For what stays open after the check of its request. */
  watchRight: WatchRight;
}

/** The gateway: HTTP for those who hold no Temporal connection. Any number of copies may run side by side. */
import { setTimeout as pause } from 'node:timers/promises';
import helmet from '@fastify/helmet';
import websocket from '@fastify/websocket';
import type { FastifyRequest } from 'fastify';
import { authenticate, callerOf } from './auth/authenticate';
import { type AccessRules, authorize, type Right, type Target } from './auth/authorize';
import { createEarlierPods } from './auth/earlier-pod';
import { createFindWorkspace } from './auth/find-workspace';
import { createSuspensions } from './auth/suspension';
import { createTokenVerifier } from './auth/verified-tokens';
import type { GatewayContext, GatewayDependencies } from './dependencies';
import { closeConnectionsAtEnd } from './drain';
import { GatewayError } from './gateway-error';
import { answerUnknown } from './methods';
import { createMetrics, type GatewayMetrics, measureRequests } from './metrics';
import { collectOpenApi, serveOpenApi } from './openapi';
import { PingCollapse } from './pings/collapse';
import { createRateLimits } from './rate-limit';
import { logRequests } from './request-log';
import { healthRoutes } from './routes/health';
import { keyRoutes } from './routes/keys';
import { requestRoutes } from './routes/requests';
import { secretRoutes } from './routes/secrets';
import { workspaceRoutes } from './routes/workspaces';
import { BODY_LIMIT_BYTES, createServer, type GatewayServer } from './server';
import { streamRoutes } from './streams';

/** Answers are data, and no browser shows them as a page. */
const NO_CONTENT = { useDefaults: false, directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] } };
/** Leaves the rest of the drain for calls under way. */
const DRAIN_PINGS_MS = 8_000;
/** The bound of a terminal's messages. The end of terminals is in streams.ts, which sends their clients the reason. */
const WEBSOCKET = { options: { maxPayload: BODY_LIMIT_BYTES }, preClose: (done: () => void) => done() };

declare module 'fastify' {
  interface FastifyInstance {
    metrics: GatewayMetrics;
  }
}

/** A gateway that listens once `listen` is called. `close` lets calls under way end, and forwards what it holds. */
export async function createGateway(dependencies: GatewayDependencies): Promise<GatewayServer> {
  const server = createServer(dependencies);
  const context = contextOf(dependencies);
  closeConnectionsAtEnd(server);
  const pings = collapsePings(server, context);
  measureRequests(server);
  await server.register(helmet, { contentSecurityPolicy: NO_CONTENT });
  await server.register(websocket, WEBSOCKET);
  await collectOpenApi(server, dependencies.version);
  answerUnknown(server);
  logRequests(server);
  await admitCallers(server, dependencies);
  healthRoutes(server, context);
  workspaceRoutes(server, context);
  requestRoutes(server, context, pings);
  secretRoutes(server, context);
  keyRoutes(server, context);
  streamRoutes(server, context, pings);
  serveOpenApi(server);
  return server;
}

/** Held pings are forwarded before the last calls end. */
function collapsePings(server: GatewayServer, { client, withDeadline, now, limits, logger }: GatewayContext): PingCollapse {
  const pings: PingCollapse = new PingCollapse({
    send: ({ owner, name }, input) => {
      server.metrics.countSignal();
      return withDeadline(() => client.workspace(owner, name).ping(input));
    },
    now,
    windowMs: limits.pingWindowMs,
    onRetry: (target, error) => logger.warn({ ...target, error }, 'ping: not forwarded yet'),
  });
  const metrics = createMetrics(() => pings.held().length);
  server.decorate('metrics', metrics);
  server.addHook('preClose', async () => {
    const lost = await Promise.race([
      pings.drain(DRAIN_PINGS_MS),
      pause(DRAIN_PINGS_MS, undefined, { ref: false }).then(() => pings.held()),
    ]);
    if (lost.length === 0) return;
    logger.error({ workspaces: lost.slice(0, 100), count: lost.length }, 'ping: held pings were not forwarded');
  });
  return pings;
}

/** The checks of every request, in their order: the token, then the subject's limit. */
async function admitCallers(server: GatewayServer, { keys, now, limits }: GatewayDependencies): Promise<void> {
  const rates = await createRateLimits(server, limits);
  const verify = createTokenVerifier(keys, now);
  server.decorateRequest('caller', null);
  server.decorateRequest('permitted', null);
  server.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.isPublic) return;
    try {
      request.caller = await authenticate(request, verify);
    } catch (error) {
      if (error instanceof GatewayError && error.statusCode === 401) await rates.countRefusal(request);
      throw error;
    }
    await rates.countCall(request);
  });
}

function contextOf(dependencies: GatewayDependencies): GatewayContext {
  const { client, now, limits } = dependencies;
  const isSuspended = createSuspensions(client, now);
  const find = createFindWorkspace(client.temporal, now);
  const rules: AccessRules = { find, earlierPods: createEarlierPods(client, now), isSuspended };
  const withDeadline = <T>(work: () => Promise<T>): Promise<T> =>
    client.temporal.withDeadline(Date.now() + limits.answerWithinMs, work);
  const check = (request: FastifyRequest, right: Right) =>
    withDeadline(() => authorize(rules, callerOf(request), right, request.params as Target));
  return {
    ...dependencies,
    isSuspended,
    withDeadline,
    recheck: async (request, right) => void (await check(request, right)),
    access: (right) => async (request) => {
      const found = await check(request, right);
      const { owner, name } = request.params as Target;
      request.permitted = { handle: client.workspace(owner, name), found };
    },
  };
}

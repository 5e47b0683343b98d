/** One line for each request, and one for each change. Neither has headers, a query, or a body. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { byOf } from './auth/caller';
import type { GatewayServer } from './server';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The name of the change that the route makes. Absent: it changes nothing that an audit needs. */
    change?: string;
  }
  interface FastifyRequest {
    /** What a change led to, for the audit: `accepted`, `merged`, or `already`. Null: the type of the error says it. */
    outcome: string | null;
    /** The type of the error that was answered; null: none. */
    refusal: string | null;
  }
}

export function logRequests(server: GatewayServer): void {
  server.decorateRequest('outcome', null);
  server.decorateRequest('refusal', null);
  server.addHook(
    'onRequest',
    async (request, reply) => void reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' }),
  );
  server.addHook('onResponse', async (request, reply) => {
    const { isPing, isPublic, change } = request.routeOptions.config;
    const line = lineOf(request, reply);
    request.log[isPing || isPublic ? 'debug' : 'info'](line, 'request: answered');
    if (change !== undefined) request.log.info({ audit: true, change, ...line, ...partsOf(request) }, `audit: ${change}`);
  });
}

function lineOf(request: FastifyRequest, reply: FastifyReply) {
  const { caller, method, routeOptions, ip, refusal } = request;
  return {
    method,
    // The pattern; the path of an unknown route may hold anything.
    route: routeOptions.url ?? null,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime),
    subject: caller === null ? null : caller.subject,
    address: ip,
    ...(refusal !== null && { refusal }),
  };
}

/** Who, what, and the outcome. */
function partsOf({ caller, params, outcome, refusal }: FastifyRequest) {
  const { owner = null, name = null, organization = null } = (params ?? {}) as Record<string, string | undefined>;
  return { by: caller === null ? null : byOf(caller), owner, name, organization, outcome: refusal ?? outcome ?? 'done' };
}

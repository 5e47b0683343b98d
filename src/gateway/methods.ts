/** Answers for paths and methods that no route has. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from './gateway-error';
import type { GatewayServer } from './server';

/** Before the routes: collects them, so that a wrong method differs from a wrong path. */
export function answerUnknown(server: GatewayServer): void {
  const known = new Map<string, { pattern: RegExp; methods: Set<string> }>();
  server.addHook('onRoute', ({ url, method }) => {
    const route = known.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const name of [method].flat()) route.methods.add(name);
    known.set(url, route);
  });
  server.setNotFoundHandler((request: FastifyRequest, _: FastifyReply) => {
    const [path = ''] = request.url.split('?');
    const methods = [...known.values()].filter(({ pattern }) => pattern.test(path)).flatMap((route) => [...route.methods]);
    if (methods.length === 0) throw new GatewayError(404, 'NotFound', 'no such path; GET /openapi.json lists all paths');
    const allow = [...new Set(methods)].sort().join(', ');
    throw new GatewayError(405, 'MethodNotAllowed', `expected one of ${allow}, got ${request.method}`, { headers: { allow } });
  });
}

/** A parameter is one part of the path. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}

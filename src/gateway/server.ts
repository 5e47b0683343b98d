/** Fastify with the gateway's checks of input, bodies, and errors; it knows no route. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { GatewayDependencies } from './dependencies';
import { errorBody, GatewayError, toGatewayError } from './gateway-error';

export type GatewayServer = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

/** Of every body but that of a secret. */
export const BODY_LIMIT_BYTES = 64 * 1024;
/** What Node reads of a request's head at most: above this limit Fastify answers 414, before a token is asked for. */
const MAX_PARAM_LENGTH = 16 * 1024;
/** For the whole request to arrive. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than the idle time of common load balancers, which then close connections first. */
const KEEP_ALIVE_MS = 75_000;
/** Room beside the time for answers of Temporal. */
const HANDLER_ROOM_MS = 15_000;

export function createServer({ logger, tls, limits }: Pick<GatewayDependencies, 'logger' | 'tls' | 'limits'>): GatewayServer {
  const server = fastify({
    loggerInstance: logger,
    // A line of its own has neither the query nor headers; see request-log.ts.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    handlerTimeout: limits.answerWithinMs + HANDLER_ROOM_MS,
    forceCloseConnections: 'idle',
    // Fastify's own answer during the drain has another form; calls are served until the server is closed.
    return503OnClosing: false,
    frameworkErrors: (error: Error, _: unknown, reply: FastifyReply) => void answerError(error, reply),
    clientErrorHandler: answerUnreadable,
    ...(tls && { https: tls }),
  } as Parameters<typeof fastify>[0]) as unknown as GatewayServer;
  server.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => checkBy(schema, httpPart));
  // A newer worker's view may have more than this version knows: what it says is passed on as it is.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.setErrorHandler((error, request, reply) => answerError(error, reply, request));
  readJsonAlone(server);
  return server;
}

/** A body that is absent counts as an empty object, since every field of most bodies is optional. */
function checkBy(schema: z.ZodType, httpPart: string | undefined) {
  return (data: unknown) => {
    const { success, data: value, error } = schema.safeParse(httpPart === 'body' ? (data ?? {}) : data);
    return success ? { value } : { error: new GatewayError(400, 'InvalidRequest', sentenceOf(error, httpPart ?? 'request')) };
  };
}

/** The sentences of zod name types and limits, never the value. */
function sentenceOf({ issues }: z.ZodError, httpPart: string): string {
  return issues
    .slice(0, 5)
    .map(
      ({ path, message }) =>
        `${path.join('.') || httpPart}: ${message.replace(/^Invalid input: /, '').replace('received', 'got')}`,
    )
    .join('; ');
}

/** JSON is read, an empty body of any type counts as absent, and everything else is refused. */
function readJsonAlone(server: GatewayServer): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined);
    return parse(request, body as string, (error, value) =>
      // Null would count as absent.
      value === null ? done(new GatewayError(400, 'InvalidRequest', 'body: expected object, got null')) : done(error, value),
    );
  });
  server.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) =>
    body === ''
      ? done(null, undefined)
      : done(new GatewayError(415, 'InvalidRequest', 'content-type: expected application/json')),
  );
}

function answerError(error: unknown, reply: FastifyReply, request?: FastifyRequest): FastifyReply {
  const answer = toGatewayError(error);
  if (request) request.refusal = answer.type;
  if (answer.statusCode === 500) request?.log.error({ error: answer.cause ?? answer }, 'request: failed');
  // A route may have set the type of its result before it failed.
  return reply
    .code(answer.statusCode)
    .type('application/json; charset=utf-8')
    .headers(answer.options.headers ?? {})
    .send(errorBody(answer));
}

/** What the parser of HTTP itself refuses. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? [408, 'Request Timeout'] : [400, 'Bad Request'];
  const body = JSON.stringify(errorBody(new GatewayError(status as number, 'InvalidRequest', 'expected a request in HTTP/1.1')));
  const head = `HTTP/1.1 ${status} ${text}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  socket.end(head + body);
}

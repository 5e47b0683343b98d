/** Steps and output of a build as they come, as server-sent events. */
import type { OutgoingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { untilAborted } from '../../hooks/until-aborted';
import { permittedOf } from '../dependencies';
import { type BuildEventSource, buildEvents, type ProgressedEvent } from '../events/build-events';
import { formatEventId, type Progress, parseEventId, progressOf } from '../events/event-id';
import { openEventStream } from '../events/event-stream';
import { createStepLogs } from '../events/step-logs';
import { clientLeft, GatewayError, toGatewayError } from '../gateway-error';
import { withErrors } from '../schemas/answers';
import { buildPath } from '../schemas/inputs';
import type { GatewayServer } from '../server';
import type { StreamContext } from '../stream-context';

/** One event, as OpenAPI describes such streams. A failure has no id, since nothing is resumed behind it. */
const anyEvent = z.looseObject({ event: z.string(), data: z.string(), id: z.string().exactOptional() });
/** So long a failure is answered with its status; later it is an event. */
const FIRST_EVENT_MS = 3_000;

export function eventRoutes(server: GatewayServer, context: StreamContext): void {
  server.get(
    '/v1/workspaces/:owner/:name/builds/:number/events',
    {
      onRequest: context.access('follow'),
      schema: {
        operationId: 'events',
        summary: 'Steps and masked output lines of a build as they come, until it has ended',
        description: 'Server-sent events. `Last-Event-ID` goes on behind that event; 204 where nothing follows it.',
        params: buildPath,
        headers: z.object({ 'last-event-id': z.string().exactOptional() }),
        response: withErrors({
          200: { description: 'The events', content: { 'text/event-stream': { schema: anyEvent } } },
          204: z.null(),
        }),
      },
    },
    async (request, reply) => {
      const progress = progressAt(request.headers['last-event-id'], request.params.number);
      if (progress.isOver) return reply.code(204).send(null);
      await serveEvents(context, { request, reply, progress });
      return reply;
    },
  );
}

/** A build that was replaced before it began has a later one's events. */
function progressAt(id: string | undefined, number: number): Progress {
  const progress = id ? parseEventId(id) : progressOf(number);
  if (progress.build >= number) return progress;
  throw new GatewayError(
    400,
    'InvalidRequest',
    `last-event-id: expected an event of build ${number}, got one of ${progress.build}`,
  );
}

interface Serving {
  request: FastifyRequest;
  reply: FastifyReply;
  progress: Progress;
}

async function serveEvents(context: StreamContext, { request, reply, progress }: Serving): Promise<void> {
  const leave = context.takePlace(request);
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, context.ending]);
  const stopWatching = context.watchRight(request, 'follow', { onLost: (refusal) => stopping.abort(refusal) });
  reply.raw.once('close', () => stopping.abort(clientLeft()));
  const events = buildEvents(sourceOf(context, request, signal), progress);
  try {
    const first = events.next();
    // After an abort it is not awaited any more.
    first.catch(() => undefined);
    await untilAborted(signal, () => Promise.race([first, pause(FIRST_EVENT_MS, undefined, { ref: false })]));
    await sendAll({ reply, first, events });
  } finally {
    stopWatching();
    stopping.abort();
    leave();
    await events.return(undefined).catch(() => undefined);
  }
}

function sourceOf(context: StreamContext, request: FastifyRequest, signal: AbortSignal): BuildEventSource {
  const { handle, found } = permittedOf(request);
  const { logSourceOf } = context;
  const { id, organization } = found;
  const { owner } = handle;
  const logsOf =
    logSourceOf === null || id === null
      ? null
      : (build: number) => createStepLogs((step) => logSourceOf({ id, organization, owner, build }, step, signal));
  return { handle, logsOf, signal };
}

/** From here on the status is sent, so that a failure becomes an event. */
async function sendAll(given: {
  reply: FastifyReply;
  first: Promise<IteratorResult<ProgressedEvent>>;
  events: AsyncGenerator<ProgressedEvent>;
}): Promise<void> {
  const { reply, first, events } = given;
  reply.hijack();
  const stream = openEventStream(reply.raw, reply.getHeaders() as OutgoingHttpHeaders);
  try {
    for (let next = await first; !next.done; next = await events.next()) {
      const { event, progress } = next.value;
      await stream.send({ ...event, id: formatEventId(progress) });
    }
  } catch (error) {
    if (reply.raw.destroyed) return;
    const { type, message, statusCode } = toGatewayError(error);
    if (statusCode === 500) reply.log.error({ error }, 'events: failed');
    // Without an id: the client goes on behind the event before.
    await stream.send({ event: 'failure', data: { type, message }, id: null }).catch(() => undefined);
  } finally {
    stream.end();
  }
}

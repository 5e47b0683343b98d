import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { destroyWhenStalled } from '../stalled';

/** One server-sent event. */
export interface ServerSentEvent {
  event: string;
  data: unknown;
  /** What the client sends as `Last-Event-ID` to go on behind this event; null: behind the one before. */
  id: string | null;
}

/** The writing side of a stream of server-sent events. */
export interface EventStream {
  /** Resolves once the client has room for more. Rejects when it has left. */
  send(event: ServerSentEvent): Promise<void>;
  end(): void;
}

const HEARTBEAT_MS = 15_000;
/** After this time a client that was cut off comes again. */
const RETRY_MS = 2_000;

/** Opens the stream on a response. Comments are sent as a heartbeat, so that both sides and all proxies between them know of each other. */
export function openEventStream(response: ServerResponse, headers: OutgoingHttpHeaders): EventStream {
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    connection: 'close',
  });
  response.write(`retry: ${RETRY_MS}\n\n`);
  const heartbeat = setInterval(() => {
    // A client that reads nothing needs no more of them.
    if (!response.writableNeedDrain) response.write(': heartbeat\n\n');
  }, HEARTBEAT_MS);
  response.once('close', () => clearInterval(heartbeat));
  destroyWhenStalled(response);
  return {
    async send({ event, data, id }) {
      if (response.destroyed) throw new Error('the client has left');
      const isTaken = response.write(`event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
      if (!isTaken) await untilDrained(response);
    },
    end() {
      clearInterval(heartbeat);
      response.end();
    },
  };
}

async function untilDrained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
  });
  if (response.destroyed) throw new Error('the client has left');
}

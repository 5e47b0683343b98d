/** What lasts longer than one answer: logs, events, and terminals. */
import { setTimeout as pause } from 'node:timers/promises';
import { createPreparedReader } from '../secrets/prepared-values';
import { callerOf } from './auth/authenticate';
import { createRightWatch } from './auth/watch-right';
import { createLogSources } from './build-log/log-sources';
import { createValueReader } from './build-log/values';
import type { GatewayContext } from './dependencies';
import { GatewayError } from './gateway-error';
import type { PingCollapse } from './pings/collapse';
import { eventRoutes } from './routes/events';
import { logRoutes } from './routes/logs';
import { shellRoutes } from './routes/shell';
import type { GatewayServer } from './server';
import type { StreamContext } from './stream-context';

const CLOSE_WITHIN_MS = 3_000;
const CLOSE_POLL_MS = 20;
/** Streams and terminals that one caller may have open in one copy of the gateway, and all callers together. */
const MAX_OPEN = { each: 100, all: 2_000 };

export function streamRoutes(server: GatewayServer, context: GatewayContext, pings: PingCollapse): void {
  const { runtime, store, now } = context;
  const ending = new AbortController();
  server.addHook('preClose', async () => {
    ending.abort(new GatewayError(503, 'Unavailable', 'the gateway is ending'));
    await closeSockets(server);
  });
  const valuesSince = createValueReader(createPreparedReader(store, { now }), now);
  const streams: StreamContext = {
    ...context,
    pings,
    logSourceOf: createLogSources({ runtime, valuesSince, now }),
    ending: ending.signal,
    takePlace: createPlaces(ending.signal),
    watchRight: createRightWatch(context),
  };
  logRoutes(server, streams);
  eventRoutes(server, streams);
  shellRoutes(server, streams);
}

/** Waits until the clients of terminals have left. */
async function closeSockets({ websocketServer }: GatewayServer): Promise<void> {
  const { clients } = websocketServer;
  for (let waitedMs = 0; clients.size > 0 && waitedMs < CLOSE_WITHIN_MS; waitedMs += CLOSE_POLL_MS) await pause(CLOSE_POLL_MS);
  for (const client of clients) client.terminate();
  websocketServer.close();
}

function createPlaces(ending: AbortSignal): StreamContext['takePlace'] {
  const open = new Map<string, number>();
  let total = 0;
  return (request) => {
    ending.throwIfAborted();
    const { subject } = callerOf(request);
    const count = open.get(subject) ?? 0;
    if (count >= MAX_OPEN.each || total >= MAX_OPEN.all) {
      const message = `expected at most ${MAX_OPEN.each} streams and terminals at a time`;
      throw new GatewayError(429, 'TooManyRequests', message, { headers: { 'retry-after': '5' } });
    }
    open.set(subject, count + 1);
    total += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      total -= 1;
      const rest = (open.get(subject) ?? 1) - 1;
      if (rest > 0) open.set(subject, rest);
      else open.delete(subject);
    };
  };
}

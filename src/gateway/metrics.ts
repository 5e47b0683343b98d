/** What the gateway counts, for Prometheus. */
import { createServer, type Server } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { GatewayServer } from './server';

export interface GatewayMetrics {
  registry: Registry;
  /** Counts a ping that was answered 202. */
  countPing(outcome: 'forwarded' | 'held'): void;
  /** Counts a signal that was sent. */
  countSignal(): void;
}

/** Answers of Temporal take from a few milliseconds to the deadline. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

export function createMetrics(heldCount: () => number): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const pings = new Counter({
    name: 'perennial_gateway_pings_total',
    help: 'Pings that were forwarded or held.',
    labelNames: ['outcome'],
    registers,
  });
  const signals = new Counter({
    name: 'perennial_gateway_ping_signals_total',
    help: 'Signals sent for pings.',
    registers,
  });
  new Gauge({
    name: 'perennial_gateway_pings_held',
    help: 'Workspaces with a held ping.',
    registers,
    collect() {
      this.set(heldCount());
    },
  });
  return { registry, countPing: (outcome) => pings.inc({ outcome }), countSignal: () => signals.inc() };
}

/** Counts every request by its route, so that no path of a caller becomes a label. */
export function measureRequests(server: GatewayServer): void {
  const requests = new Histogram({
    name: 'perennial_gateway_request_seconds',
    help: 'Duration of requests by method, route, and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [server.metrics.registry],
  });
  server.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    requests.observe({ method, route: routeOptions.url ?? 'none', status: statusCode }, elapsedTime / 1_000);
  });
}

/** `GET /metrics` on a port of its own, which callers of the gateway need not reach. It needs no token. */
export async function serveMetrics(
  { registry }: GatewayMetrics,
  { host, port }: { host: string; port: number },
): Promise<Server> {
  const server = createServer(async ({ url, method }, response) => {
    if (url !== '/metrics' || method !== 'GET') return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

/** How many calls one subject may make, and how many tokens one address may have refused. Each copy counts for itself. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { callerOf } from './auth/authenticate';
import type { GatewayLimits } from './dependencies';
import { GatewayError } from './gateway-error';
import type { GatewayServer } from './server';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Counted as a ping, of which a subject may send more. */
    isPing?: boolean;
  }
}

const MINUTE_MS = 60_000;
/** Subjects and addresses that are counted at a time; the oldest are forgotten. */
const MAX_COUNTED = 20_000;

export interface RateLimits {
  /** Counts a call of the caller. @throws GatewayError 429 */
  countCall(request: FastifyRequest): Promise<void>;
  /** Counts a refused token; valid ones from the same address are not affected. @throws GatewayError 429 */
  countRefusal(request: FastifyRequest): Promise<void>;
}

export async function createRateLimits(server: GatewayServer, limits: GatewayLimits): Promise<RateLimits> {
  await server.register(rateLimit, { global: false, cache: MAX_COUNTED, timeWindow: MINUTE_MS });
  const bySubject = (request: FastifyRequest) => callerOf(request).subject;
  const isService = (request: FastifyRequest) => callerOf(request).kind === 'service';
  const ofCalls = (request: FastifyRequest) => (isService(request) ? limits.serviceCallsPerMinute : limits.callsPerMinute);
  // Untrusted code can hold a workspace's token; owners and services ping for many workspaces.
  const ofPings = (request: FastifyRequest) =>
    callerOf(request).kind === 'workspace' ? limits.pingsPerMinute : limits.servicePingsPerMinute;
  const calls = server.createRateLimit({ max: ofCalls, keyGenerator: (request) => `call ${bySubject(request)}` });
  const pings = server.createRateLimit({ max: ofPings, keyGenerator: (request) => `ping ${bySubject(request)}` });
  const refusals = server.createRateLimit({ max: limits.refusalsPerMinute, keyGenerator: ({ ip }) => ip });
  return {
    countCall: async (request) => refuse(await (request.routeOptions.config.isPing ? pings : calls)(request)),
    countRefusal: async (request) => refuse(await refusals(request)),
  };
}

function refuse(counted: { isAllowed: boolean; isExceeded?: boolean; ttlInSeconds?: number; max?: number }): void {
  if (counted.isAllowed || !counted.isExceeded) return;
  const seconds = Math.max(1, counted.ttlInSeconds ?? 1);
  throw new GatewayError(429, 'TooManyRequests', `expected at most ${counted.max} calls a minute; try again in ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  });
}

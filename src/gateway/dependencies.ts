/** What a gateway is made of. */
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import type { Logger } from 'pino';
import type { PerennialClient, WorkspaceHandle } from '../client';
import type { Runtime } from '../runtimes/runtime';
import type { SigningKeys } from '../secrets/signing-keys';
import type { SecretStore } from '../secrets/store';
import type { Right } from './auth/authorize';
import type { FoundWorkspace } from './auth/find-workspace';
import type { IsSuspended } from './auth/suspension';

export interface GatewayDependencies {
  client: PerennialClient;
  /** What tokens are verified by. */
  keys: SigningKeys;
  store: SecretStore;
  /** For logs and terminals; null where this process does not hold the runtime. */
  runtime: Runtime | null;
  logger: Logger;
  /** Perennial's own version. */
  version: string;
  limits: GatewayLimits;
  /** The clock, epoch milliseconds. */
  now: () => number;
  /** The certificate and key in PEM; null: plain HTTP. */
  tls: { cert: Buffer; key: Buffer } | null;
}

/** Bounds of what one caller may cause. */
export interface GatewayLimits {
  /** Calls a minute for each owner and each workspace, pings aside. */
  callsPerMinute: number;
  /** The same for each service. */
  serviceCallsPerMinute: number;
  /** Pings a minute for each workspace. */
  pingsPerMinute: number;
  /** The same for each owner and each service, which may ping for many workspaces. */
  servicePingsPerMinute: number;
  /** Refused tokens a minute for each address. */
  refusalsPerMinute: number;
  /** How long Temporal and the worker may take for one call. */
  answerWithinMs: number;
  /** The time within which at most one signal is sent to a workspace. */
  pingWindowMs: number;
  /** How often the right of who has a stream or a terminal open is checked again. */
  recheckEveryMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  callsPerMinute: 600,
  serviceCallsPerMinute: 6_000,
  pingsPerMinute: 6_000,
  servicePingsPerMinute: 120_000,
  refusalsPerMinute: 1_200,
  answerWithinMs: 20_000,
  pingWindowMs: 30_000,
  recheckEveryMs: 30_000,
};

/** A workspace that the caller of a request may use. */
export interface Permitted {
  handle: WorkspaceHandle;
  found: FoundWorkspace;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `GatewayContext.access`. */
    permitted: Permitted | null;
  }
}

/** What the files of routes share. */
export interface GatewayContext extends GatewayDependencies {
  /**
   * The hook `onRequest` of a route whose path has `:owner` and `:name`: answers 401, 403, or 404, or lets the request pass with
   * `request.permitted`. It runs before the body is read.
   */
  access(right: Right): onRequestAsyncHookHandler;
  /** Does the same check for `access`, once more: for calls that last, such as terminals. Rejects with a `GatewayError`. */
  recheck(request: FastifyRequest, right: Right): Promise<void>;
  isSuspended: IsSuspended;
  /** Does calls to Temporal with the deadline for one request. */
  withDeadline<T>(work: () => Promise<T>): Promise<T>;
}

/** The workspace of a route with `access`. */
export function permittedOf({ permitted }: FastifyRequest): Permitted {
  if (permitted === null) throw new Error('expected a route with access, got one without');
  return permitted;
}

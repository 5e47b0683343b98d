/** A gateway on a client, with tokens that are JSON in base64url, for tests that are not about tokens. */
import pino from 'pino';
import type { PerennialClient } from '../../../src/client';
import type { Caller } from '../../../src/gateway/auth/caller';
import { createGateway } from '../../../src/gateway/create-gateway';
import { DEFAULT_LIMITS, type GatewayDependencies, type GatewayLimits } from '../../../src/gateway/dependencies';
import { unauthorized } from '../../../src/gateway/gateway-error';
import type { GatewayServer } from '../../../src/gateway/server';
import type { SecretStore } from '../../../src/secrets/store';

/** `Omit` of each member of the union. */
type Named<C> = C extends Caller ? Omit<C, 'expiresAt' | 'subject'> : never;

export interface TestGateway {
  server: GatewayServer;
  /** Every line of the log. */
  lines: Record<string, unknown>[];
  /** The text of the log. */
  log(): string;
  close(): Promise<void>;
}

export interface GatewayOptions extends Partial<Omit<GatewayDependencies, 'limits'>> {
  limits?: Partial<GatewayLimits>;
}

/** The header of a caller, for the verification of `startGateway`. */
export function as(caller: Named<Caller>): { authorization: string } {
  return { authorization: `Bearer ${Buffer.from(JSON.stringify(caller)).toString('base64url')}` };
}

export async function startGateway(client: PerennialClient, { limits, ...options }: GatewayOptions = {}): Promise<TestGateway> {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const server = await createGateway({
    client,
    verify: async (token) => callerIn(token),
    store: emptyStore(),
    runtime: null,
    logger: pino({ level: 'debug', base: null }, destination),
    version: '0.0.0',
    now: Date.now,
    tls: null,
    limits: { ...DEFAULT_LIMITS, ...limits },
    ...options,
  });
  return { server, lines, log: () => lines.map((line) => JSON.stringify(line)).join('\n'), close: () => server.close() };
}

function callerIn(token: string): Caller {
  try {
    return { ...(JSON.parse(Buffer.from(token, 'base64url').toString()) as Caller), expiresAt: Number.MAX_SAFE_INTEGER };
  } catch {
    throw unauthorized('expected a token of this gateway');
  }
}

function emptyStore(): SecretStore {
  return {
    name: 'empty',
    get: async () => null,
    put: async () => ({ version: 1, at: 0 }),
    delete: async () => undefined,
    list: async () => [],
    close: async () => undefined,
  };
}

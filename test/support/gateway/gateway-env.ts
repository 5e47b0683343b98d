/** A gateway on a client, with a store of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PerennialClient } from '../../../src/client';
import { HOUR_MS } from '../../../src/contract/duration';
import { createGateway } from '../../../src/gateway/create-gateway';
import { DEFAULT_LIMITS, type GatewayDependencies, type GatewayLimits } from '../../../src/gateway/dependencies';
import { createLogger } from '../../../src/gateway/logger';
import type { GatewayServer } from '../../../src/gateway/server';
import { createFileStore } from '../../../src/secrets/files';
import { createSigningKeys, type SigningKeys } from '../../../src/secrets/signing-keys';
import type { SecretStore } from '../../../src/secrets/store';
import { mintToken, type TokenSubject } from '../../../src/secrets/tokens';

export const INSTALLATION = 'installation-of-the-test';

export interface TestGateway {
  server: GatewayServer;
  keys: SigningKeys;
  store: SecretStore;
  /** The header with a token of this subject. */
  as(subject: TokenSubject): Promise<{ authorization: string }>;
  /** Every route that there is, one for each method. */
  routes: { method: string; url: string }[];
  /** Every line of the log. */
  lines: Record<string, unknown>[];
  /** The text of the log. */
  log(): string;
  close(): Promise<void>;
}

export interface GatewayOptions extends Partial<Omit<GatewayDependencies, 'limits'>> {
  limits?: Partial<GatewayLimits>;
}

/** A folder store of its own, removed at the end. */
export function openFolderStore(): { store: SecretStore; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'perennial-gateway-'));
  return { store: createFileStore(folder), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export async function startGateway(client: PerennialClient, { limits, ...options }: GatewayOptions = {}): Promise<TestGateway> {
  const { store, remove } = openFolderStore();
  const keys = createSigningKeys(store, INSTALLATION);
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const server = await createGateway({
    client,
    keys,
    store,
    runtime: null,
    logger: createLogger({ level: 'debug', destination }),
    version: '0.0.0',
    now: Date.now,
    tls: null,
    limits: { ...DEFAULT_LIMITS, ...limits },
    ...options,
  });
  const as = async (subject: TokenSubject) => {
    const { token } = await mintToken(options.keys ?? keys, { subject, lifeMs: HOUR_MS }, Date.now());
    return { authorization: `Bearer ${token}` };
  };
  const close = async () => {
    await server.close();
    remove();
  };
  return {
    server,
    keys: options.keys ?? keys,
    store: options.store ?? store,
    as,
    routes: routesOf(server),
    lines,
    log: () => JSON.stringify(lines),
    close,
  };
}

/** The routes in the tree that fastify prints, of which each line continues the path of the line that it is indented below. */
function routesOf(server: GatewayServer): { method: string; url: string }[] {
  const parts: string[] = [];
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods] = /^(.*?)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
      parts.splice(indent.length / 4, parts.length, part);
      return methods ? methods.split(', ').map((method) => ({ method, url: parts.join('') })) : [];
    });
}

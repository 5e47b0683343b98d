/** A gateway with a running workspace on a real Temporal server, for `npm run test:openapi`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HOUR_MS } from '../../src/contract/duration';
import { createGateway } from '../../src/gateway/create-gateway';
import { DEFAULT_LIMITS } from '../../src/gateway/dependencies';
import { createLogger } from '../../src/gateway/logger';
import { createFileStore } from '../../src/secrets/files';
import { createSigningKeys } from '../../src/secrets/signing-keys';
import { mintToken } from '../../src/secrets/tokens';
import { closeMemoryBenchEnv, memoryBenchEnv, runningWorkspace } from '../bench/memory-bench-env';

/** Thousands of requests come from one subject and one address. */
const LIMITS = { ...DEFAULT_LIMITS, callsPerMinute: 1e6, pingsPerMinute: 1e6, refusalsPerMinute: 1e6 };
const OWNER = 'bench';
const NAME = 'dev';

export interface Served {
  url: string;
  token: string;
  owner: string;
  name: string;
  close(): Promise<void>;
}

/** Starts all of it; `cli` is the program of Temporal's server. */
export async function serve({ cli, say }: { cli: string; say(line: string): void }): Promise<Served> {
  const bench = { cli, say };
  const { client } = await memoryBenchEnv(bench);
  await runningWorkspace(bench, { name: NAME });
  const dir = mkdtempSync(path.join(tmpdir(), 'perennial-openapi-'));
  const store = createFileStore(dir);
  const keys = createSigningKeys(store, 'openapi');
  const { token } = await mintToken(keys, { subject: { kind: 'owner', owner: OWNER }, lifeMs: 2 * HOUR_MS }, Date.now());
  const server = await createGateway({
    client,
    keys,
    store,
    runtime: null,
    logger: createLogger({ level: 'warn' }),
    version: '0.0.0',
    now: Date.now,
    tls: null,
    limits: LIMITS,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const close = async () => {
    await server.close();
    await closeMemoryBenchEnv();
    rmSync(dir, { recursive: true, force: true });
  };
  return { url, token, owner: OWNER, name: NAME, close };
}

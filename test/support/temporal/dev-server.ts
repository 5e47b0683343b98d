/** A real Temporal server of its own, started as the embedded stack starts it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NAMESPACE } from '../../../src/contract/names';
import { choosePort } from '../../../src/start/process/port';
import { startTemporalServer, type TemporalServer } from '../../../src/start/temporal/server';

/** Starts it on free ports with its database in `dir`; after a kill it restarts on the same file. */
export async function startDevServer(cli: string, dir: string): Promise<TemporalServer> {
  mkdirSync(join(dir, 'logs'));
  return startTemporalServer({
    cli,
    dir,
    namespace: NAMESPACE,
    port: await choosePort({ option: '--temporal-port', port: 0 }),
    uiPort: await choosePort({ option: '--ui-port', port: 0 }),
    env: process.env,
    say: () => undefined,
    signal: new AbortController().signal,
    onSpawn: () => undefined,
  });
}

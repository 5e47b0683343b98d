/** A real Temporal server of its own, started as the embedded stack starts it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NAMESPACE } from '../../../src/contract/names';
import { choosePort } from '../../../src/start/process/port';
import { startTemporalServer, type TemporalServer } from '../../../src/start/temporal/server';

/** Settings that spare CPU time, of which the tests have little. The server does the same with them. */
const SPARING = {
  // Fewer garbage collections, and no idle threads that look for work.
  env: { GOGC: '400', GOMAXPROCS: '1' },
  // A killed server loses nothing without a sync of each write; only a crash of the machine does.
  args: ['--sqlite-pragma', 'synchronous=OFF'],
};

/**
 * Starts it on free ports with its database in `dir`; after a kill it restarts on the same file. `isSparing` is for tests; what is
 * measured runs as users run it.
 */
export async function startDevServer(cli: string, dir: string, { isSparing = false } = {}): Promise<TemporalServer> {
  mkdirSync(join(dir, 'logs'));
  return startTemporalServer({
    cli,
    dir,
    namespace: NAMESPACE,
    port: await choosePort({ option: '--temporal-port', port: 0 }),
    uiPort: await choosePort({ option: '--ui-port', port: 0 }),
    env: { ...process.env, ...(isSparing ? SPARING.env : {}) },
    moreArgs: isSparing ? SPARING.args : [],
    say: () => undefined,
    signal: new AbortController().signal,
    onSpawn: () => undefined,
  });
}

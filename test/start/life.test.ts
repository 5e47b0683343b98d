import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findTraces } from '../support/runtimes/sandbox-env';
import { describeLife } from '../support/start/e2e-scenario';

describe('A workspace in a sandbox', () => {
  describeLife({
    runtime: 'sandbox',
    image: 'starter:1',
    nextImage: 'starter:2',
    touch: async ({ dir, id, file }) => writeFileSync(path.join(dir, 'homes', id, file), ''),
    // The stack itself was started in no sandbox's folder.
    traces: async (folder) => [
      ...readdirSync(path.join(folder, 'stack', 'homes')),
      ...findTraces(path.join(folder, 'stack', 'homes')),
    ],
  });
});

#!/usr/bin/env node
import { isReady } from '../scripts/freshness.mjs';

if (!isReady()) {
  const { prepareOrExit } = await import('../scripts/prepare.mjs');
  // Progress goes to standard error: standard output belongs to the command, and may be read by a program.
  await prepareOrExit({ say: console.error, takesOlder: true });
}
// As a URL of its own, since what is bundled is not there when the types are checked.
await import(new URL('../dist/command/index.mjs', import.meta.url).href);

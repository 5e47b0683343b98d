/** `npm run record`: runs the scenarios of test/workflows/record.ts on a real server and keeps their histories for the replay test. */
import { createRequire } from 'node:module';
import { inCheckout } from './checkout.mjs';

// The sources as they are, so that nothing has to be compiled first.
const require = createRequire(import.meta.url);
require(inCheckout('test', 'support', 'typescript-hook.cjs'));
await require(inCheckout('test', 'workflows', 'record.ts')).record(inCheckout('test', 'fixtures', 'histories'));
// The native part of the SDK keeps the process alive.
process.exit(0);

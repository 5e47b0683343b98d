/** `npm run check`: types, style, shell scripts, the layout of the rooms, and the documents. For every commit; it needs no server. */

import { inCheckout } from './checkout.mjs';
import { runChecks } from './checks.mjs';
import { runJest } from './jest.mjs';
import { prepare } from './prepare.mjs';
import { formatFailures } from './summary.mjs';

process.chdir(inCheckout());
await prepare({ say: console.log });
const failures = await runChecks(console.log);
const tests = await runJest({ args: ['test/tidy.test.ts', 'test/docs'], env: process.env });
failures.push(...tests.failures);
for (const line of formatFailures(failures, { lines: 50 })) console.log(line);
console.log(`${tests.passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);

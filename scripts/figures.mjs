/** `npm run figures`: sizes, comments, cycles, vocabulary. With paths, the lines there that use a banned word. */
import { createRequire } from 'node:module';
import { inCheckout } from './checkout.mjs';

// The scans are those of the tests, as they are, so that nothing has to be compiled first.
const require = createRequire(import.meta.url);
require(inCheckout('test', 'support', 'typescript-hook.cjs'));
require(inCheckout('test', 'support', 'figures.ts')).main(process.argv.slice(2));

// `npm run bench -- [NAME …]`: the benchmarks, or those named. They lie beside the tests and are compiled on the fly like them.
import { createRequire } from 'node:module';
import { inCheckout } from './checkout.mjs';
import { prepareOrExit } from './prepare.mjs';

await prepareOrExit();
const require = createRequire(import.meta.url);
require(inCheckout('test', 'support', 'typescript-hook.cjs'));
await require(inCheckout('test', 'bench', 'index.ts')).main(process.argv.slice(2));

// `npm run bench -- [NAME …] [--smallest]`: the benchmarks, or those named; `--smallest` only shows that they run.
import { createRequire } from 'node:module';
import { inCheckout } from './checkout.mjs';
import { prepareOrExit } from './prepare.mjs';
import { writeSummary } from './summary.mjs';

await prepareOrExit();
const require = createRequire(import.meta.url);
require(inCheckout('test', 'support', 'typescript-hook.cjs'));
await require(inCheckout('test', 'bench', 'index.ts')).main(process.argv.slice(2), writeSummary);

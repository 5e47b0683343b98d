// `npm run bench:kubernetes -- [NAME …]`: all benchmarks that need a cluster, or those named, where a cluster is found.
import { createRequire } from 'node:module';
import { inCheckout } from './checkout.mjs';
import { openCluster } from './cluster.mjs';
import { prepareOrExit } from './prepare.mjs';

const cluster = openCluster({ what: 'the benchmarks that need a cluster', say: console.log });
if (cluster === null) process.exit(0);
// However they end: they end the process themselves.
process.once('exit', cluster.end);
Object.assign(process.env, cluster.env);
await prepareOrExit();
const require = createRequire(import.meta.url);
require(inCheckout('test', 'support', 'typescript-hook.cjs'));
await require(inCheckout('test', 'bench', 'kubernetes', 'index.ts')).main(process.argv.slice(2), cluster.tool);
